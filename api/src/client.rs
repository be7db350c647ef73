//! The client's files: read once at start, served precompressed; hashed names are kept for a year,
//! index.html is made for each school.

use std::{collections::HashMap, fs, path::Path};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderMap},
    web::{Bytes, Data},
};
use anyhow::Context as _;

use crate::{
    app::App,
    auth::{cookies, school_address},
    problem::{Answer, ApiError},
    store::schools::SchoolRow,
};

/// What a browser may load and run on our pages.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' \
                      'unsafe-inline'; font-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      manifest-src 'self'; frame-src 'self'; base-uri 'self'; form-action 'none'; \
                      frame-ancestors 'none'";

/// All files, in memory.
#[derive(Default)]
pub struct ClientFiles {
    index: Option<String>,
    assets: HashMap<String, Asset>,
}

struct Asset {
    kind: &'static str,
    plain: Bytes,
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
}

impl ClientFiles {
    /// Reads the folder that the bundler made; none of it when there is no folder.
    ///
    /// # Errors
    /// When it has no index.html or can't be read.
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

/// `GET /assets/{file}`: a file whose name holds the hash of its content.
///
/// # Errors
/// `not_found`.
pub async fn asset(app: Data<App>, req: HttpRequest) -> Answer {
    let asset = req
        .match_info()
        .get("file")
        .and_then(|name| app.client.assets.get(name))
        .ok_or_else(ApiError::not_found)?;
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_TYPE, asset.kind))
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((header::VARY, "Accept-Encoding"));
    let accepts = |coding: &str| accepts(req.headers(), coding);
    let (coding, body) = match (&asset.brotli, &asset.gzip) {
        (Some(brotli), _) if accepts("br") => ("br", brotli),
        (_, Some(gzip)) if accepts("gzip") => ("gzip", gzip),
        _ => ("identity", &asset.plain),
    };
    response.insert_header((header::CONTENT_ENCODING, coding));
    Ok(response.body(body.clone()))
}

/// `GET /s/{school}`: its pages lie below, so relative addresses need the slash.
pub async fn to_base(req: HttpRequest) -> HttpResponse {
    HttpResponse::PermanentRedirect()
        .insert_header((header::LOCATION, cookies::path(&req)))
        .finish()
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

/// Every page of the client: index.html with the school's name, base path, and how to reach it.
/// Link pages are in no cache and send no referrer.
///
/// # Errors
/// `unknown_school`.
pub async fn index(app: Data<App>, req: HttpRequest) -> Answer {
    let school = app.school(school_address(&req)).await?;
    let Some(index) = &app.client.index else {
        return Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(
            "This server has no client files. `cargo xtask run` builds and serves them; \
             PARLOUR_CLIENT_DIR says where they are.\n",
        ));
    };
    let page = index
        .replace("{{base}}", &escaped(&cookies::path(&req)))
        .replace("{{contact}}", &contact(&school))
        .replace("{{school}}", &escaped(&school.name));
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((
            "Permissions-Policy",
            "camera=(self), microphone=(self), display-capture=(self), geolocation=()",
        ))
        .body(page))
}

/// Renders the school's contact as HTML: for the notice of a page that has not started, and for the
/// web app to copy. Empty where the school has not said.
fn contact(school: &SchoolRow) -> String {
    let phone = school.phone.as_deref().map(|phone| {
        let dialled: String = phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
        format!("<li>Phone: <a href=\"tel:{dialled}\" translate=\"no\">{}</a></li>", escaped(phone))
    });
    let email = school.email.as_deref().map(|email| {
        let email = escaped(email);
        format!("<li>Email: <a href=\"mailto:{email}\" translate=\"no\">{email}</a></li>")
    });
    let hours = school
        .office_hours
        .as_deref()
        .map(|hours| format!("<li>Office hours: {}</li>", escaped(hours)));
    let lines: String = [phone, email, hours].into_iter().flatten().collect();
    if lines.is_empty() { lines } else { format!("<ul>{lines}</ul>") }
}

/// Text as it may stand in HTML.
#[must_use]
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
