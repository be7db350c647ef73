//! Errors that refuse a roster as a whole; problems of single rows are [`crate::Finding`]s.

use std::error::Error;
use std::fmt;
use std::io;

use crate::finding::{Finding, Findings};

/// An error that refuses the whole roster. No part of it may be imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The folder, zip or a file in it can't be read.
    #[error("{name} can't be read")]
    Io {
        /// The file's name inside the roster, or the given path.
        name: String,
        /// The cause.
        source: io::Error,
    },
    /// The path is neither a folder nor a zip.
    #[error("{0} is neither a folder nor a zip file")]
    NotARoster(String),
    /// The zip is damaged, encrypted or of an unsupported kind.
    #[error("the zip can't be read: {0}")]
    BadZip(String),
    /// A name leads out of the zip or folder, or an entry is a link.
    #[error("the roster holds a file of an unsafe name or kind: {0:?}")]
    UnsafePath(String),
    /// Two files have the same name except for case or folder.
    #[error("the roster holds two files named {0}")]
    AmbiguousFile(String),
    /// A limit in [`crate::limits`] is exceeded.
    #[error("{name} is too large: {limit}")]
    TooLarge {
        /// The file, or the given path.
        name: String,
        /// The limit, in words.
        limit: String,
    },
    /// A zip entry is disproportionately large when decompressed.
    #[error("{0} unpacks to far more than a roster holds: refused as a zip bomb")]
    ZipBomb(String),
    /// A file exists, but its columns are not those of a roster.
    #[error("{file} has no column {column}")]
    MissingColumn {
        /// The file.
        file: String,
        /// The required column.
        column: &'static str,
    },
    /// The header of a file is not UTF-8 text.
    #[error("{0} is not UTF-8 text; save it as CSV in UTF-8")]
    NotText(String),
    /// A collection contains items that are not objects.
    #[error("{0} holds something else than objects")]
    NotObjects(&'static str),
    /// There is no file of the known formats.
    #[error("no roster found: neither OneRoster 1.1, OneRoster 1.2 nor Microsoft SDS v2.1 CSV")]
    UnknownFormat,
    /// The version is not supported.
    #[error("OneRoster version {0:?} is not read; 1.1 and 1.2 are")]
    UnknownVersion(String),
    /// There is no org of type school, or not the requested one.
    #[error(
        "no school {}in the roster; it has: {known}{}",
        asked.as_ref().map(|a| format!("{a:?} ")).unwrap_or_default(),
        if others.is_empty() { String::new() } else {
            format!(
                ". It has other orgs: {others}. Name one with --school to take it for the school"
            )
        }
    )]
    NoSuchSchool {
        /// The requested school.
        asked: Option<String>,
        /// The schools in the roster, by id and name.
        known: String,
        /// Orgs of other types, by id, name and type.
        others: String,
    },
}

impl ReadError {
    /// The stable code of this error, for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "unreadable",
            Self::NotARoster(_) => "not_a_roster",
            Self::BadZip(_) => "bad_zip",
            Self::UnsafePath(_) => "unsafe_path",
            Self::AmbiguousFile(_) => "ambiguous_file",
            Self::TooLarge { .. } => "too_large",
            Self::ZipBomb(_) => "zip_bomb",
            Self::MissingColumn { .. } => "missing_column",
            Self::NotText(_) => "not_text",
            Self::NotObjects(_) => "not_objects",
            Self::UnknownFormat => "unknown_format",
            Self::UnknownVersion(_) => "unknown_version",
            Self::NoSuchSchool { .. } => "no_such_school",
        }
    }
}

/// The refusal of a whole roster, with the findings up to that point.
#[derive(Debug)]
pub struct Refusal {
    /// The reason.
    pub error: ReadError,
    /// The findings, by file and line.
    pub findings: Vec<Finding>,
    /// The number of findings beyond the limit.
    pub findings_left_out: u64,
}

impl Refusal {
    pub(crate) fn new(error: ReadError, findings: Findings) -> Self {
        let (findings, findings_left_out) = findings.into_sorted();
        Self { error, findings, findings_left_out }
    }

    /// The stable code of this refusal, for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.error.code()
    }
}

impl From<ReadError> for Refusal {
    fn from(error: ReadError) -> Self {
        Self { error, findings: Vec::new(), findings_left_out: 0 }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl Error for Refusal {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}
