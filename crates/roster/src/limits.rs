//! Limits of a roster's size, which bound the memory and time of an import.

use parlour_domain::text::{MAX_ID, MAX_NAME, MAX_SUBJECT, MAX_TITLE, MAX_WORD, MAX_WORDS};

/// The maximum size of one CSV file after decompression, in bytes.
pub const MAX_FILE_BYTES: u64 = 256 * 1024 * 1024;
/// The maximum size of a zip file, in bytes.
pub const MAX_ZIP_BYTES: u64 = 256 * 1024 * 1024;
/// The maximum number of bytes read from one roster in total, after decompression.
pub const MAX_TOTAL_BYTES: u64 = 768 * 1024 * 1024;
/// The maximum number of entries of a zip or a folder.
pub const MAX_ENTRIES: usize = 1_000;
/// The maximum compression ratio of a zip entry. CSV seldom exceeds 50.
pub const MAX_ZIP_RATIO: u64 = 250;
/// The size up to which [`MAX_ZIP_RATIO`] does not apply to a zip entry, in bytes.
pub const UNCHECKED_ZIP_BYTES: u64 = 1024 * 1024;
/// The maximum number of rows in one file.
pub const MAX_ROWS: u64 = 500_000;
/// The maximum number of columns in one file.
pub const MAX_COLUMNS: usize = 500;
/// The maximum size of one record with all its lines, in bytes.
pub const MAX_RECORD_BYTES: usize = 128 * 1024;
/// The maximum number of lines in one record (names may contain line breaks); beyond it the record
/// has an unclosed quote.
pub const MAX_RECORD_LINES: usize = 20;
/// The maximum size of a field that is read, in bytes; fields of ignored columns may be longer.
pub const MAX_FIELD_BYTES: usize = 8 * 1024;
/// The maximum number of characters in a stored column, by the limits of [`parlour_domain::text`].
/// `None` for columns whose text is not stored, and for lists, whose ids are checked one by one.
pub(crate) fn max_chars(column: &str) -> Option<usize> {
    Some(match column {
        "agentSourcedIds" | "orgSourcedIds" | "termSourcedIds" | "sessionSourcedIds" => {
            return None;
        }
        _ if column.ends_with("ourcedId") => MAX_ID,
        "givenName" | "familyName" => MAX_NAME,
        "title" | "name" => MAX_TITLE,
        "subjects" | "subject" => MAX_SUBJECT,
        "classCode" | "courseCode" | "code" | "metadata.relation" => MAX_WORDS,
        "role" | "relationshipRole" | "metadata.title" => MAX_WORD,
        _ => return None,
    })
}

/// The maximum number of ids in a list field such as `agentSourcedIds`.
pub const MAX_LIST: usize = 200;
/// The maximum number of stored findings; further ones are only counted.
pub const MAX_FINDINGS: usize = 20_000;
