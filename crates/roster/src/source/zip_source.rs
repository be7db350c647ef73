//! Roster in a zip. Unpacks nothing to disk; refuses unsafe names and zip bombs.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use zip::ZipArchive;
use zip::result::ZipError;

use crate::error::ReadError;
use crate::limits::{MAX_ENTRIES, MAX_ZIP_BYTES, MAX_ZIP_RATIO, UNCHECKED_ZIP_BYTES};

/// A reader, and the maximum number of bytes that it may yield.
pub(super) type OpenedFile<'a> = (Box<dyn Read + 'a>, u64);

/// The CSV files of a zip by lower-case name, with their index in the archive.
#[derive(Debug)]
pub(super) struct ZipArchiveSource {
    archive: ZipArchive<BufReader<File>>,
    files: BTreeMap<String, usize>,
    bytes: u64,
}

impl ZipArchiveSource {
    pub(super) fn open(path: &Path) -> Result<Self, ReadError> {
        let shown = path.display().to_string();
        let io = |source| ReadError::Io { name: shown.clone(), source };
        let file = File::open(path).map_err(io)?;
        let bytes = file.metadata().map_err(io)?.len();
        if bytes > MAX_ZIP_BYTES {
            let limit = format!("over {MAX_ZIP_BYTES} bytes");
            return Err(ReadError::TooLarge { name: shown, limit });
        }
        let mut archive = ZipArchive::new(BufReader::new(file))
            .map_err(|_| ReadError::NotARoster(shown.clone()))?;
        if archive.len() > MAX_ENTRIES {
            let limit = format!("over {MAX_ENTRIES} files");
            return Err(ReadError::TooLarge { name: shown, limit });
        }
        let files = list(&mut archive)?;
        Ok(Self { archive, files, bytes })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    /// The entry's reader, and the maximum number of bytes for its compressed size.
    pub(super) fn file(&mut self, name: &str) -> Result<Option<OpenedFile<'_>>, ReadError> {
        let Some(&index) = self.files.get(name) else { return Ok(None) };
        let bytes = self.bytes;
        let entry = self.archive.by_index(index).map_err(bad_zip)?;
        // The sizes in the zip's directory may be wrong, so the size of the whole zip limits them.
        let allowed = entry
            .compressed_size()
            .min(bytes)
            .saturating_mul(MAX_ZIP_RATIO)
            .max(UNCHECKED_ZIP_BYTES);
        if entry.size() > allowed {
            return Err(ReadError::ZipBomb(name.to_owned()));
        }
        Ok(Some((Box::new(entry), allowed)))
    }
}

/// Lists the CSV files, which are at the top or in one leading folder, never in two places.
fn list(archive: &mut ZipArchive<BufReader<File>>) -> Result<BTreeMap<String, usize>, ReadError> {
    if archive.has_duplicate_names() {
        return Err(ReadError::AmbiguousFile("the same".to_owned()));
    }
    let mut files = BTreeMap::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(bad_zip)?;
        let name = entry.name().map_err(bad_zip)?.into_owned();
        if !is_safe(&name) || entry.is_symlink() {
            return Err(ReadError::UnsafePath(name));
        }
        let lower = name.to_lowercase();
        let mut parts = lower.split('/');
        let (first, second, deeper) =
            (parts.next().unwrap_or_default(), parts.next(), parts.next());
        let base = second.unwrap_or(first);
        if entry.is_dir()
            || deeper.is_some()
            || first == "__macosx"
            || base.starts_with('.')
            || !base.ends_with(".csv")
        {
            continue;
        }
        if entry.encrypted() {
            return Err(ReadError::BadZip(format!("{name} is encrypted")));
        }
        if files.insert(base.to_owned(), index).is_some() {
            return Err(ReadError::AmbiguousFile(base.to_owned()));
        }
    }
    Ok(files)
}

/// Returns whether a name stays inside the zip on every system: relative, no `..`, no drive, no
/// backslash.
fn is_safe(name: &str) -> bool {
    !name.starts_with('/')
        && !name.contains(['\\', ':', '\0'])
        && name.trim_end_matches('/').split('/').all(|part| !matches!(part, "" | "." | ".."))
}

#[expect(clippy::needless_pass_by_value, reason = "used as `map_err(bad_zip)`")]
fn bad_zip(error: ZipError) -> ReadError {
    ReadError::BadZip(error.to_string())
}
