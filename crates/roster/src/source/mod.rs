//! Where the CSV files of a roster lie: a folder or a zip. Hands out bounded readers by file name.

mod folder;
mod zipped;

use std::io::{self, Read};
use std::path::Path;

use crate::error::ReadError;
use crate::limits::{MAX_FILE_BYTES, MAX_TOTAL_BYTES};
use folder::Folder;
use zipped::{Opened, Zipped};

/// An opened folder or zip, its names checked.
#[derive(Debug)]
pub(crate) struct Source {
    place: Place,
    read_bytes: u64,
}

#[derive(Debug)]
enum Place {
    Folder(Folder),
    Zip(Box<Zipped>),
}

impl Source {
    pub(crate) fn open(path: &Path) -> Result<Self, ReadError> {
        let shown = path.display().to_string();
        let meta = std::fs::metadata(path).map_err(|source| ReadError::Io { name: shown.clone(), source })?;
        let place = if meta.is_dir() {
            Place::Folder(Folder::open(path)?)
        } else if meta.is_file() {
            Place::Zip(Box::new(Zipped::open(path)?))
        } else {
            return Err(ReadError::NotARoster(shown));
        };
        Ok(Self { place, read_bytes: 0 })
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        let name = &name.to_lowercase();
        match &self.place {
            Place::Folder(folder) => folder.has(name),
            Place::Zip(zip) => zip.has(name),
        }
    }

    /// Opens the file of this name in whatever case, if it is there, and gives it to `work`.
    pub(crate) fn with_file<T>(&mut self, name: &str, work: impl FnOnce(&mut dyn Read) -> Result<T, ReadError>) -> Result<Option<T>, ReadError> {
        let name = &name.to_lowercase();
        let budget = MAX_TOTAL_BYTES.saturating_sub(self.read_bytes).min(MAX_FILE_BYTES);
        let opened: Option<Opened<'_>> = match &mut self.place {
            Place::Folder(folder) => folder.file(name)?.map(|f| (Box::new(f) as Box<dyn Read>, u64::MAX)),
            Place::Zip(zip) => zip.file(name)?,
        };
        let Some((inner, proportion)) = opened else { return Ok(None) };
        let mut capped = Capped { inner, read: 0, budget, proportion };
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

/// A reader that breaks off as soon as more comes out of it than it may hold.
struct Capped<'a> {
    inner: Box<dyn Read + 'a>,
    read: u64,
    budget: u64,
    /// What a zip entry of this compressed size may grow to.
    proportion: u64,
}

impl Read for Capped<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.read += n as u64;
        if self.read > self.budget.min(self.proportion) {
            return Err(io::Error::other("the file is larger than it may be"));
        }
        Ok(n)
    }
}
