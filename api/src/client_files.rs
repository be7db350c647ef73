//! The files of the web app, read once at start, with the compressed copies that the bundler made.

use std::{collections::HashMap, fs, path::Path};

use actix_web::{
    http::header::{self, HeaderMap},
    web::Bytes,
};
use anyhow::Context as _;

/// All files, in memory.
#[derive(Default)]
pub struct WebAppFiles {
    index: Option<String>,
    assets: HashMap<String, Asset>,
}

/// A file with a hash in its name, and its compressed copies.
pub struct Asset {
    /// The media type.
    pub kind: &'static str,
    plain: Bytes,
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
}

impl WebAppFiles {
    /// Reads the folder that the bundler made. Without a folder there are no files.
    ///
    /// # Errors
    /// Fails if the folder has no index.html or can't be read.
    pub fn load(folder: Option<&Path>) -> anyhow::Result<Self> {
        let Some(folder) = folder else { return Ok(Self::default()) };
        let index = fs::read_to_string(folder.join("index.html")).with_context(|| {
            format!(
                "PARLOUR_CLIENT_DIR: {} has no index.html; `cargo xtask client` makes it",
                folder.display()
            )
        })?;
        let mut assets = HashMap::new();
        for entry in fs::read_dir(folder.join("assets"))? {
            let path = entry?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            if matches!(path.extension().and_then(|end| end.to_str()), Some("br" | "gz")) {
                continue;
            }
            let compressed = |end: &str| {
                fs::read(path.with_file_name(format!("{name}.{end}"))).ok().map(Bytes::from)
            };
            assets.insert(
                name.to_owned(),
                Asset {
                    kind: kind(name),
                    plain: fs::read(&path)?.into(),
                    brotli: compressed("br"),
                    gzip: compressed("gz"),
                },
            );
        }
        Ok(Self { index: Some(index), assets })
    }

    /// The template of all pages; `None` without a folder.
    #[must_use]
    pub fn index(&self) -> Option<&str> {
        self.index.as_deref()
    }

    /// The asset with this file name.
    #[must_use]
    pub fn asset(&self, name: &str) -> Option<&Asset> {
        self.assets.get(name)
    }
}

impl Asset {
    /// The content coding and body for a client: Brotli if it accepts that, else gzip, else the
    /// plain file.
    #[must_use]
    pub fn body_for(&self, headers: &HeaderMap) -> (&'static str, &Bytes) {
        match (&self.brotli, &self.gzip) {
            (Some(brotli), _) if accepts(headers, "br") => ("br", brotli),
            (_, Some(gzip)) if accepts(headers, "gzip") => ("gzip", gzip),
            _ => ("identity", &self.plain),
        }
    }
}

fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, end)| end) {
        "js" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "css" => "text/css; charset=utf-8",
        "woff2" => "font/woff2",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let refused = |rest: &str| {
        rest.trim()
            .strip_prefix("q=")
            .is_some_and(|q| q.trim().parse::<f32>().is_ok_and(|q| q <= 0.0))
    };
    headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).is_some_and(
        |value| {
            value.split(',').any(|part| {
                let (name, rest) = part.split_once(';').unwrap_or((part, ""));
                name.trim().eq_ignore_ascii_case(coding) && !refused(rest)
            })
        },
    )
}
