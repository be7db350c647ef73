//! What could not be used of a roster: one [`Finding`] a row, or part of a row.

use std::fmt;

use serde::Serialize;

use crate::limits::MAX_FINDINGS;

/// Why a row, or a part of it, was not used. The names are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// A file that the manifest promises, or that the format needs, is not there.
    MissingFile,
    /// A file was left out: the manifest calls it absent, or it lies where it can't be read.
    FileIgnored,
    /// A column's name was misspelt and has been guessed.
    MisspeltHeader,
    /// Two columns bear one name; the first counts.
    DuplicateColumn,
    /// A column that the file should have is missing.
    MissingColumn,
    /// A quote was opened and never closed.
    UnclosedQuote,
    /// The row has more cells than the header; its cells can't be told apart.
    ExtraCells,
    /// The row has fewer cells than the header; it is used only when nothing that is read is
    /// missing.
    MissingCells,
    /// The row is not UTF-8.
    NotUtf8,
    /// The row holds a control character.
    BadCharacter,
    /// A field, list or record is longer than the limits allow.
    TooLong,
    /// A required value is blank.
    MissingValue,
    /// A value that can't be understood.
    BadValue,
    /// A date that can't be understood; the row is used without it.
    BadDate,
    /// A wrong email address; the person is kept without one.
    BadEmail,
    /// An address with something around it, or a spelling of its domain, that was understood; the
    /// message says as which address.
    EmailUnderstood,
    /// A role that is not known; see the sentence for what became of the row.
    UnknownRole,
    /// A word that the format does not have and that is understood.
    Synonym,
    /// A name or title that is blank, where something else stands for it.
    BlankName,
    /// A file that should have rows has none.
    NoRows,
    /// An org of another type that is taken for the school, since it was asked for.
    OrgTaken,
    /// A status that is not known; the row counts as active.
    UnknownStatus,
    /// An id, or a pair of ids, that another row has; the earlier one counts, and an active one
    /// before a deleted one.
    Duplicate,
    /// A reference to something that is not in the roster.
    Dangling,
    /// A reference to something that is there but of the wrong kind.
    WrongKind,
    /// It belongs to an org that is not of type school.
    OtherOrg,
    /// A person who belongs to no school.
    NoSchool,
    /// The system's owner has switched off this person's login; kept without an address.
    LoginDisabled,
    /// A bar that stands on a student's row; it is taken for all contacts of that student.
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

/// One thing that could not be used, in whole or in part.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Finding {
    /// The file's name, such as `users.csv`.
    pub file: String,
    /// The line, counted from 1, on which the row begins; 0 speaks of the file as a whole.
    pub line: u64,
    /// Why, for machines.
    pub reason: Reason,
    /// Why and what became of it, for people.
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

/// Where a row stands: what every finding about it begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Location {
    pub file: &'static str,
    pub line: u64,
}

/// Something without which a file may be damaged: an import of it must be insisted on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MissingData {
    /// The file's name, such as `users.csv`.
    pub file: String,
    /// The column, or several of which one is enough; none when rows are missing.
    pub column: Option<String>,
    /// What is missing, for people.
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

    /// Reports a column, or all rows, without which a file may be damaged. Of a column once.
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

    /// What was reported as lacking so far.
    pub(crate) fn take_missing_data(&mut self) -> Vec<MissingData> {
        std::mem::take(&mut self.lacking)
    }

    /// The findings by file and line, and how many more there were.
    pub(crate) fn into_sorted(mut self) -> (Vec<Finding>, u64) {
        self.kept.sort();
        self.kept.dedup();
        (self.kept, self.left_out)
    }
}

/// Whether two groups of columns, as they are joined in words, have one in common.
fn shares(one: &str, other: &str) -> bool {
    let words = |text: &str| {
        text.split(' ')
            .filter(|word| !matches!(*word, "or" | "and"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    words(one).iter().any(|word| words(other).contains(word))
}

/// A cell's text as a sentence may quote it: shortened, and on one line.
pub(crate) fn quoted(text: &str) -> String {
    const SHOWN: usize = 60;
    let mut short: String = text.chars().take(SHOWN).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("{short:?}")
}
