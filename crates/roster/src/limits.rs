//! How much a roster may hold: every bound that keeps an import's memory and time in check.

use parlour_domain::text::{MAX_ID, MAX_NAME, MAX_SUBJECT, MAX_TITLE, MAX_WORD, MAX_WORDS};

/// Bytes of one CSV file, after decompression.
pub const MAX_FILE_BYTES: u64 = 256 * 1024 * 1024;
/// Bytes of a zip as it lies on the disk.
pub const MAX_ZIP_BYTES: u64 = 256 * 1024 * 1024;
/// Bytes read from one roster in all, after decompression.
pub const MAX_TOTAL_BYTES: u64 = 768 * 1024 * 1024;
/// Entries of a zip or a folder.
pub const MAX_ENTRIES: usize = 1_000;
/// How many times larger than its compressed form a zip entry may be. CSV seldom exceeds 50.
pub const MAX_ZIP_RATIO: u64 = 250;
/// A zip entry up to this size is not measured against [`MAX_ZIP_RATIO`].
pub const UNCHECKED_ZIP_BYTES: u64 = 1024 * 1024;
/// Rows of one file.
pub const MAX_ROWS: u64 = 500_000;
/// Columns of one file.
pub const MAX_COLUMNS: usize = 500;
/// Bytes of one record with all its lines.
pub const MAX_RECORD_BYTES: usize = 128 * 1024;
/// Lines over which one record may run (names with line breaks); beyond it a quote was left open.
pub const MAX_RECORD_LINES: usize = 20;
/// Bytes of one field that is read; columns that nobody reads may be longer.
pub const MAX_FIELD_BYTES: usize = 8 * 1024;
/// Characters of a column that is kept, as [`parlour_domain::text`] rules for every text; none for
/// columns that are read for what they mean, and for lists, whose ids are measured one by one.
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

/// Ids in one list field, such as `agentSourcedIds`.
pub const MAX_LIST: usize = 200;
/// Findings kept in full; further ones are only counted.
pub const MAX_FINDINGS: usize = 20_000;
