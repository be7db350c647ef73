//! Roster in a folder. Follows no links and ignores subfolders.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::error::ReadError;
use crate::limits::MAX_ENTRIES;

/// The CSV files of a folder, by lower-case name.
#[derive(Debug)]
pub(super) struct Folder {
    files: BTreeMap<String, PathBuf>,
}

impl Folder {
    pub(super) fn open(path: &Path) -> Result<Self, ReadError> {
        let shown = path.display().to_string();
        let io = |source| ReadError::Io { name: shown.clone(), source };
        let mut files = BTreeMap::new();
        for (seen, entry) in fs::read_dir(path).map_err(io)?.enumerate() {
            if seen >= MAX_ENTRIES {
                let limit = format!("over {MAX_ENTRIES} files");
                return Err(ReadError::TooLarge { name: shown, limit });
            }
            let entry = entry.map_err(io)?;
            let name = entry.file_name().to_string_lossy().to_lowercase();
            if !name.ends_with(".csv") {
                continue;
            }
            // A link could lead to any file of the machine, and its content would end up in
            // reports.
            if !entry.file_type().map_err(io)?.is_file() {
                return Err(ReadError::UnsafePath(name));
            }
            if files.insert(name.clone(), entry.path()).is_some() {
                return Err(ReadError::AmbiguousFile(name));
            }
        }
        Ok(Self { files })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    pub(super) fn file(&self, name: &str) -> Result<Option<File>, ReadError> {
        let Some(path) = self.files.get(name) else { return Ok(None) };
        let file =
            File::open(path).map_err(|source| ReadError::Io { name: name.to_owned(), source })?;
        Ok(Some(file))
    }
}
