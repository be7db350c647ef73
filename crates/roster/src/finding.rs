//! Findings: reports about unusable rows, or unusable parts of rows, of a roster.

use std::fmt;

use serde::Serialize;

use crate::limits::MAX_FINDINGS;

/// The reason why a row, or a part of it, was not used. The codes are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// A file is missing that the manifest lists or that the format requires.
    MissingFile,
    /// A file was ignored: the manifest calls it absent, or it is in a place where it can't be
    /// read.
    FileIgnored,
    /// The name of a column was misspelt and has been guessed.
    MisspeltHeader,
    /// Two columns have the same name; the first one counts.
    DuplicateColumn,
    /// A column that the file should have is missing.
    MissingColumn,
    /// A quote was opened but never closed.
    UnclosedQuote,
    /// The row has more cells than the header, so its cells can't be assigned to columns.
    ExtraCells,
    /// The row has fewer cells than the header; it is used only if no column that is read is
    /// missing.
    MissingCells,
    /// The row is not valid UTF-8.
    NotUtf8,
    /// The row contains a control character.
    BadCharacter,
    /// A field, list or record exceeds a limit.
    TooLong,
    /// A required value is blank.
    MissingValue,
    /// A value can't be parsed.
    BadValue,
    /// A date can't be parsed; the row is used without it.
    BadDate,
    /// An email address is invalid; the person is kept without one.
    BadEmail,
    /// An address had decoration, or an unusual spelling of its domain, and was understood; the
    /// message contains the resulting address.
    EmailUnderstood,
    /// A role is unknown; the message explains the consequence for the row.
    UnknownRole,
    /// A word is not part of the format but was understood.
    Synonym,
    /// A name or title is blank, and another value replaces it.
    BlankName,
    /// A file that should have rows has none.
    NoRows,
    /// An org of another type is used as the school because it was requested.
    OrgTaken,
    /// A status is unknown; the row counts as active.
    UnknownStatus,
    /// An id, or a pair of ids, occurs in another row; the earlier row wins, and an active row wins
    /// over a deleted one.
    Duplicate,
    /// A reference to an object that is not in the roster.
    Dangling,
    /// A reference to an object of the wrong kind.
    WrongKind,
    /// The object belongs to an org that is not of type school.
    OtherOrg,
    /// The person belongs to no school.
    NoSchool,
    /// The source system has disabled this person's login; the person is kept without an address.
    LoginDisabled,
    /// A bar is on a student's row; it applies to all contacts of that student.
    BarOnStudent,
}

impl Reason {
    /// The stable code, as it is serialised.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::MissingFile => "missing_file",
            Self::FileIgnored => "file_ignored",
            Self::MisspeltHeader => "misspelt_header",
            Self::DuplicateColumn => "duplicate_column",
            Self::MissingColumn => "missing_column",
            Self::UnclosedQuote => "unclosed_quote",
            Self::ExtraCells => "extra_cells",
            Self::MissingCells => "missing_cells",
            Self::NotUtf8 => "not_utf8",
            Self::BadCharacter => "bad_character",
            Self::TooLong => "too_long",
            Self::MissingValue => "missing_value",
            Self::BadValue => "bad_value",
            Self::BadDate => "bad_date",
            Self::BadEmail => "bad_email",
            Self::EmailUnderstood => "email_understood",
            Self::UnknownRole => "unknown_role",
            Self::Synonym => "synonym",
            Self::BlankName => "blank_name",
            Self::NoRows => "no_rows",
            Self::OrgTaken => "org_taken",
            Self::UnknownStatus => "unknown_status",
            Self::Duplicate => "duplicate",
            Self::Dangling => "dangling",
            Self::WrongKind => "wrong_kind",
            Self::OtherOrg => "other_org",
            Self::NoSchool => "no_school",
            Self::LoginDisabled => "login_disabled",
            Self::BarOnStudent => "bar_on_student",
        }
    }
}

/// A problem in a roster: an object that could not be used, in whole or in part.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Finding {
    /// The file's name, such as `users.csv`.
    pub file: String,
    /// The line, counted from 1, where the row begins; 0 means the file as a whole.
    pub line: u64,
    /// The reason, for programs.
    pub reason: Reason,
    /// The reason and the consequence, for people.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.message),
            line => write!(f, "{}:{line}: {}", self.file, self.message),
        }
    }
}

/// The position of a row, with which each of its findings begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Location {
    pub file: &'static str,
    pub line: u64,
}

/// Missing data without which a file may be damaged: such an import needs an explicit confirmation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MissingData {
    /// The file's name, such as `users.csv`.
    pub file: String,
    /// The column, or several of which one is enough; `None` if rows are missing.
    pub column: Option<String>,
    /// A description of the missing data, for people.
    pub message: String,
}

impl fmt::Display for MissingData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.message)
    }
}

/// Collects findings up to [`MAX_FINDINGS`] and counts the rest.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    kept: Vec<Finding>,
    left_out: u64,
    lacking: Vec<MissingData>,
}

impl Findings {
    pub(crate) fn report(&mut self, at: Location, reason: Reason, message: impl Into<String>) {
        if self.kept.len() >= MAX_FINDINGS {
            self.left_out += 1;
            return;
        }
        self.kept.push(Finding {
            file: at.file.to_owned(),
            line: at.line,
            reason,
            message: message.into(),
        });
    }

    /// Reports a column, or all rows, without which a file may be damaged. Reports each column
    /// once.
    pub(crate) fn report_missing(&mut self, file: &'static str, column: Option<&str>, what: &str) {
        let of_it = |lack: &MissingData| {
            lack.file == file
                && lack
                    .column
                    .as_deref()
                    .is_some_and(|known| column.is_some_and(|column| shares(known, column)))
        };
        if self.lacking.iter().any(of_it) {
            return;
        }
        let (reason, message) = match column {
            Some(column) => (Reason::MissingColumn, format!("the column {column} {what}")),
            None => (Reason::NoRows, format!("the file {what}")),
        };
        self.report(Location { file, line: 0 }, reason, message.clone());
        self.lacking.push(MissingData {
            file: file.to_owned(),
            column: column.map(str::to_owned),
            message,
        });
    }

    /// Takes the missing data reported so far.
    pub(crate) fn take_missing_data(&mut self) -> Vec<MissingData> {
        std::mem::take(&mut self.lacking)
    }

    /// The findings, sorted by file and line, and the number of those beyond the limit.
    pub(crate) fn into_sorted(mut self) -> (Vec<Finding>, u64) {
        self.kept.sort();
        self.kept.dedup();
        (self.kept, self.left_out)
    }
}

/// Returns whether two groups of columns, each joined into a text, have a column in common.
fn shares(one: &str, other: &str) -> bool {
    let words = |text: &str| {
        text.split(' ')
            .filter(|word| !matches!(*word, "or" | "and"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    words(one).iter().any(|word| words(other).contains(word))
}

/// A cell's text as a quotation for a message: shortened, and on one line.
pub(crate) fn quoted(text: &str) -> String {
    const SHOWN: usize = 60;
    let mut short: String = text.chars().take(SHOWN).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("{short:?}")
}
