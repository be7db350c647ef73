//! Assets that the browser loads: hashed file names, compressed copies, and sizes.

use std::{fs, io::Write, path::Path};

use anyhow::{Context, Result, bail};
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The time when the browser requests a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// Before the first page becomes usable.
    First,
    /// Only if a page or a character needs it.
    Later,
}

/// The compression level.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// For releases: brotli 11, gzip 9.
    Best,
    /// For development.
    Quick,
}

struct Asset {
    name: String,
    file: String,
    bytes: Vec<u8>,
    load: Load,
}

/// A page whose size is checked against the limit.
pub struct Page {
    /// The name for people.
    pub name: &'static str,
    /// The lazy parts that the page needs besides the first load, by their unhashed names.
    pub parts: Vec<String>,
}

/// All files below `assets/`, by their unhashed names.
#[derive(Default)]
pub struct Assets(Vec<Asset>);

impl Assets {
    /// Adds a file under a hashed name and returns that name.
    pub fn add(&mut self, name: &str, bytes: Vec<u8>, load: Load) -> String {
        let file = hashed_name(name, &hash(&[&bytes]));
        self.add_as(name, file.clone(), bytes, load);
        file
    }

    /// Adds a file under a given hashed name.
    pub fn add_as(&mut self, name: &str, file: String, bytes: Vec<u8>, load: Load) {
        self.0.push(Asset { name: name.to_owned(), file, bytes, load });
    }

    /// The hashed file name of `name`.
    pub fn file_of(&self, name: &str) -> Option<&str> {
        let asset = self.0.iter().find(|asset| asset.name == name)?;
        Some(&asset.file)
    }

    /// The hashed names of the files that the first page needs.
    pub fn first_load(&self) -> impl Iterator<Item = &str> {
        let first = self.0.iter().filter(|asset| asset.load == Load::First);
        first.map(|asset| asset.file.as_str())
    }

    /// Writes the page, the assets with their `.br` and `.gz` copies, and `sizes.json`.
    ///
    /// # Errors
    /// If a file can't be written.
    pub fn write(&self, out: &Path, page: &str, pages: &[Page], effort: Effort) -> Result<()> {
        let dir = out.join("assets");
        fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
        fs::write(out.join("index.html"), page)?;

        let mut files = vec![size("index.html", "index.html", page.as_bytes(), None, effort)?];
        for asset in &self.0 {
            let path = dir.join(&asset.file);
            let row = size(
                &asset.name,
                &format!("assets/{}", asset.file),
                &asset.bytes,
                Some(&path),
                effort,
            )?;
            files.push(row);
        }
        for (row, load) in files
            .iter_mut()
            .zip(std::iter::once(Load::First).chain(self.0.iter().map(|asset| asset.load)))
        {
            row["first_load"] = json!(load == Load::First);
        }
        let sizes = json!({
            "profile": if effort == Effort::Best { "release" } else { "dev" },
            "pages": pages.iter().map(|page| page_size(page, &files)).collect::<Result<Vec<_>>>()?,
            "files": files,
        });
        fs::write(out.join("sizes.json"), serde_json::to_string_pretty(&sizes)?)?;
        Ok(())
    }
}

/// The total size of all files that the browser fetches if this page is opened first.
fn page_size(page: &Page, files: &[Value]) -> Result<Value> {
    let is_part = |row: &Value| page.parts.iter().any(|part| row["name"] == *part);
    if let Some(part) =
        page.parts.iter().find(|part| !files.iter().any(|row| row["name"] == **part))
    {
        bail!("{} needs {part}, which there is not", page.name);
    }
    let fetched = || files.iter().filter(|row| row["first_load"] == true || is_part(row));
    let sum = |key: &str| -> u64 { fetched().filter_map(|row| row[key].as_u64()).sum() };
    Ok(json!({ "name": page.name, "raw": sum("raw"), "br": sum("br"), "parts": page.parts }))
}

/// The hash of these contents together, as ten hexadecimal digits.
pub fn hash(contents: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    for bytes in contents {
        digest.update(bytes);
    }
    let digest = digest.finalize();
    digest[..5].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `app.js` becomes `app.0123456789.js`.
pub fn hashed_name(name: &str, hash: &str) -> String {
    match name.rsplit_once('.') {
        Some((stem, extension)) => format!("{stem}.{hash}.{extension}"),
        None => format!("{name}.{hash}"),
    }
}

/// Measures one file; with a path, also writes it and its compressed copies.
fn size(
    name: &str,
    file: &str,
    bytes: &[u8],
    path: Option<&Path>,
    effort: Effort,
) -> Result<Value> {
    let (br, gz) = (brotli(bytes, effort)?, gzip(bytes, effort)?);
    if let Some(path) = path {
        fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
        let with = |ending: &str| format!("{}.{ending}", path.display());
        fs::write(with("br"), &br)?;
        fs::write(with("gz"), &gz)?;
    }
    Ok(json!({ "name": name, "file": file, "raw": bytes.len(), "br": br.len(), "gz": gz.len() }))
}

fn brotli(bytes: &[u8], effort: Effort) -> Result<Vec<u8>> {
    let params = brotli::enc::BrotliEncoderParams {
        quality: if effort == Effort::Best { 11 } else { 2 },
        lgwin: 22,
        size_hint: bytes.len(),
        ..Default::default()
    };
    let mut packed = Vec::new();
    brotli::BrotliCompress(&mut &*bytes, &mut packed, &params)?;
    Ok(packed)
}

fn gzip(bytes: &[u8], effort: Effort) -> Result<Vec<u8>> {
    let level = if effort == Effort::Best { Compression::best() } else { Compression::fast() };
    let mut encoder = GzEncoder::new(Vec::new(), level);
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_weight_is_first_load_plus_parts() -> Result<()> {
        let row = |name: &str, first: bool, br: u64| {
            json!({
                "name": name,
                "first_load": first,
                "raw": 2 * br,
                "br": br,
            })
        };
        let files =
            [row("app.js", true, 100), row("parent.wasm", false, 10), row("guest.wasm", false, 1)];
        let page = |parts: &[&str]| Page {
            name: "My Bookings",
            parts: parts.iter().map(|part| (*part).to_owned()).collect(),
        };
        let weight = page_size(&page(&["parent.wasm"]), &files)?;
        assert_eq!((&weight["br"], &weight["raw"]), (&json!(110), &json!(220)));
        assert_eq!(page_size(&page(&[]), &files)?["br"], 100);
        let error = page_size(&page(&["gone.wasm"]), &files).map_err(|error| error.to_string());
        assert_eq!(error, Err("My Bookings needs gone.wasm, which there is not".to_owned()));
        Ok(())
    }
}
