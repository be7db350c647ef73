//! Sources of roster files: a folder, a zip, or a spool of collections. Provides size-limited
//! readers by file name.

mod folder;
mod zip_source;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::collections::Spool;
use crate::error::ReadError;
use crate::limits::{MAX_FILE_BYTES, MAX_TOTAL_BYTES};
use crate::model::Format;
use crate::objects::View;
use folder::Folder;
use zip_source::{OpenedFile, ZipArchiveSource};

/// An opened folder, zip or spool with checked names.
#[derive(Debug)]
pub(crate) struct Source {
    storage: Storage,
    read_bytes: u64,
}

#[derive(Debug)]
enum Storage {
    Folder(Folder),
    Zip(Box<ZipArchiveSource>),
    Collections(Collections),
}

/// A spool. A collection replaces the CSV file of the same name, and in OneRoster 1.2 the people
/// also replace roles.csv.
#[derive(Debug)]
struct Collections {
    spool: Spool,
    format: Format,
}

impl Collections {
    fn view(&self, name: &str) -> Option<View> {
        let view = View::of(name)
            .filter(|view| *view != View::Roles || self.format == Format::OneRoster12)?;
        self.spool.contains(view.collection()).then_some(view)
    }

    fn file(&self, name: &str) -> Result<Option<&File>, ReadError> {
        self.view(name).map_or(Ok(None), |view| self.spool.file(view.collection()))
    }
}

impl Source {
    pub(crate) fn open(path: &Path) -> Result<Self, ReadError> {
        let shown = path.display().to_string();
        let meta = std::fs::metadata(path)
            .map_err(|source| ReadError::Io { name: shown.clone(), source })?;
        let storage = if meta.is_dir() {
            Storage::Folder(Folder::open(path)?)
        } else if meta.is_file() {
            Storage::Zip(Box::new(ZipArchiveSource::open(path)?))
        } else {
            return Err(ReadError::NotARoster(shown));
        };
        Ok(Self { storage, read_bytes: 0 })
    }

    /// A source of fetched collections.
    pub(crate) const fn of_collections(spool: Spool, format: Format) -> Self {
        Self { storage: Storage::Collections(Collections { spool, format }), read_bytes: 0 }
    }

    /// The view for a file that is not CSV.
    pub(crate) fn view(&self, name: &str) -> Option<View> {
        match &self.storage {
            Storage::Collections(collections) => collections.view(&name.to_lowercase()),
            Storage::Folder(_) | Storage::Zip(_) => None,
        }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        let name = &name.to_lowercase();
        match &self.storage {
            Storage::Folder(folder) => folder.has(name),
            Storage::Zip(zip) => zip.has(name),
            Storage::Collections(collections) => collections.view(name).is_some(),
        }
    }

    /// Opens the file with this name in any case, if it exists, and passes it to `work`.
    pub(crate) fn with_file<T>(
        &mut self,
        name: &str,
        work: impl FnOnce(&mut dyn Read) -> Result<T, ReadError>,
    ) -> Result<Option<T>, ReadError> {
        let name = &name.to_lowercase();
        let budget = MAX_TOTAL_BYTES.saturating_sub(self.read_bytes).min(MAX_FILE_BYTES);
        let opened: Option<OpenedFile<'_>> = match &mut self.storage {
            Storage::Folder(folder) => {
                folder.file(name)?.map(|f| (Box::new(f) as Box<dyn Read>, u64::MAX))
            }
            Storage::Zip(zip) => zip.file(name)?,
            Storage::Collections(collections) => {
                collections.file(name)?.map(|f| (Box::new(f) as Box<dyn Read>, u64::MAX))
            }
        };
        let Some((inner, proportion)) = opened else { return Ok(None) };
        let mut capped = LimitedReader { inner, read: 0, budget, proportion };
        let result = work(&mut capped);
        let (read, broken) = (capped.read, capped.read > budget);
        let bomb = read > proportion;
        self.read_bytes += read;
        if bomb {
            return Err(ReadError::ZipBomb(name.clone()));
        }
        if broken {
            let limit = format!("over {} bytes", budget);
            return Err(ReadError::TooLarge { name: name.clone(), limit });
        }
        result.map(Some)
    }
}

/// A reader that fails as soon as it has yielded more than its limit.
struct LimitedReader<'a> {
    inner: Box<dyn Read + 'a>,
    read: u64,
    budget: u64,
    /// The maximum size of a zip entry with this compressed size.
    proportion: u64,
}

impl Read for LimitedReader<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.read += n as u64;
        if self.read > self.budget.min(self.proportion) {
            return Err(io::Error::other("the file is larger than it may be"));
        }
        Ok(n)
    }
}
