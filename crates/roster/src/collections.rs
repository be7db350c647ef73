//! Spool of the collections of the OneRoster REST bindings: files with one object per line, kept
//! until all collections are complete. Knows no network.
//!
//! Sources: 1EdTech OneRoster 1.1 (final, 13), OneRoster Rostering Service 1.2 (REST/JSON binding,
//! 3).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};

use serde_json::{Map, Value};

use crate::error::ReadError;
use crate::limits::{MAX_FILE_BYTES, MAX_RECORD_BYTES, MAX_ROWS};

/// A collection that is part of a roster. Its name is the same in paths and in responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Collection {
    /// Schools and their parent organisations.
    Orgs,
    /// Terms and years.
    AcademicSessions,
    /// Courses.
    Courses,
    /// Classes.
    Classes,
    /// People.
    Users,
    /// Enrolments of students and teachers in classes.
    Enrollments,
}

/// A member of an object, and the equivalent column of the CSV binding.
type Member = (&'static str, &'static str);

impl Collection {
    /// All collections, in the order of fetching: people come after everything that they refer to,
    /// except enrolments.
    pub const ALL: [Self; 6] = [
        Self::Orgs,
        Self::AcademicSessions,
        Self::Courses,
        Self::Classes,
        Self::Users,
        Self::Enrollments,
    ];

    /// The name in paths and responses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Orgs => "orgs",
            Self::AcademicSessions => "academicSessions",
            Self::Courses => "courses",
            Self::Classes => "classes",
            Self::Users => "users",
            Self::Enrollments => "enrollments",
        }
    }

    /// Returns whether a roster is complete without this collection: classes then have no course
    /// titles, or no dates.
    #[must_use]
    pub const fn is_optional(self) -> bool {
        matches!(self, Self::AcademicSessions | Self::Courses)
    }

    /// Returns whether a delta of this collection can be fetched and read. The other collections
    /// are small, and the collections that refer to them need them complete.
    #[must_use]
    pub const fn has_changes(self) -> bool {
        matches!(self, Self::Classes | Self::Users | Self::Enrollments)
    }

    /// The members that are read; all others are dropped before the object is written to disk.
    pub(crate) const fn members(self) -> &'static [Member] {
        match self {
            Self::Orgs => &[
                ("sourcedId", "sourcedId"),
                ("status", "status"),
                ("name", "name"),
                ("type", "type"),
            ],
            Self::AcademicSessions => &[
                ("sourcedId", "sourcedId"),
                ("status", "status"),
                ("startDate", "startDate"),
                ("endDate", "endDate"),
            ],
            Self::Courses => &[
                ("sourcedId", "sourcedId"),
                ("status", "status"),
                ("title", "title"),
                ("courseCode", "courseCode"),
                ("subjects", "subjects"),
            ],
            Self::Classes => &[
                ("sourcedId", "sourcedId"),
                ("status", "status"),
                ("title", "title"),
                ("classCode", "classCode"),
                ("subjects", "subjects"),
                ("course", "courseSourcedId"),
                ("school", "schoolSourcedId"),
                ("terms", "termSourcedIds"),
            ],
            Self::Users => &[
                ("sourcedId", "sourcedId"),
                ("status", "status"),
                ("enabledUser", "enabledUser"),
                ("givenName", "givenName"),
                ("familyName", "familyName"),
                ("email", "email"),
                ("agents", "agentSourcedIds"),
                ("role", "role"),
                ("orgs", "orgSourcedIds"),
            ],
            Self::Enrollments => &[
                ("sourcedId", "sourcedId"),
                ("status", "status"),
                ("role", "role"),
                ("primary", "primary"),
                ("class", "classSourcedId"),
                ("school", "schoolSourcedId"),
                ("user", "userSourcedId"),
                ("beginDate", "beginDate"),
                ("endDate", "endDate"),
            ],
        }
    }

    /// Keeps the members that are read, and for people also their metadata and the roles of
    /// OneRoster 1.2.
    fn keep_known_members(self, object: Map<String, Value>) -> Map<String, Value> {
        let kept = |name: &str| {
            self.members().iter().any(|(member, _)| *member == name)
                || (self == Self::Users && matches!(name, "metadata" | "roles"))
        };
        object.into_iter().filter(|(name, _)| kept(name)).collect()
    }
}

/// Collections that were fetched completely.
#[derive(Debug, Default)]
pub struct Spool {
    files: BTreeMap<Collection, File>,
}

impl Spool {
    /// Begins a collection in an empty file of the caller's. It will contain names and addresses,
    /// so an unnamed temporary file is best: nothing of it remains after the process has ended.
    #[must_use]
    pub fn begin(collection: Collection, file: File) -> SpoolFile {
        SpoolFile { collection, file: BufWriter::new(file), objects: 0, bytes: 0 }
    }

    /// Adds a collection after its last object was written.
    ///
    /// # Errors
    /// An I/O error, for example if the disk is full.
    pub fn finish(&mut self, file: SpoolFile) -> Result<(), ReadError> {
        let collection = file.collection;
        let file =
            file.file.into_inner().map_err(|error| write_error(collection, error.into_error()))?;
        self.files.insert(collection, file);
        Ok(())
    }

    pub(crate) fn contains(&self, collection: Collection) -> bool {
        self.files.contains_key(&collection)
    }

    /// Opens a collection at its beginning.
    pub(crate) fn file(&self, collection: Collection) -> Result<Option<&File>, ReadError> {
        let Some(mut file) = self.files.get(&collection) else { return Ok(None) };
        file.rewind().map_err(|source| write_error(collection, source))?;
        Ok(Some(file))
    }
}

/// A collection that is being written.
#[derive(Debug)]
pub struct SpoolFile {
    collection: Collection,
    file: BufWriter<File>,
    objects: u64,
    bytes: u64,
}

impl SpoolFile {
    /// Writes one object.
    ///
    /// # Errors
    /// An error if the value is no object, if it exceeds a limit of [`crate::limits`], or if the
    /// disk is full.
    pub fn write(&mut self, object: Value) -> Result<(), ReadError> {
        let too_large =
            |limit: String| ReadError::TooLarge { name: self.collection.name().to_owned(), limit };
        let Value::Object(object) = object else {
            return Err(ReadError::NotObjects(self.collection.name()));
        };
        let mut line = serde_json::to_vec(&self.collection.keep_known_members(object))
            .map_err(|error| write_error(self.collection, error.into()))?;
        line.push(b'\n');
        self.objects += 1;
        self.bytes += line.len() as u64;
        if line.len() > MAX_RECORD_BYTES {
            return Err(too_large(format!("an object of over {MAX_RECORD_BYTES} bytes")));
        }
        if self.objects > MAX_ROWS {
            return Err(too_large(format!("over {MAX_ROWS} objects")));
        }
        if self.bytes > MAX_FILE_BYTES {
            return Err(too_large(format!("over {MAX_FILE_BYTES} bytes")));
        }
        self.file.write_all(&line).map_err(|source| write_error(self.collection, source))
    }
}

fn write_error(collection: Collection, source: io::Error) -> ReadError {
    ReadError::Io { name: collection.name().to_owned(), source }
}
