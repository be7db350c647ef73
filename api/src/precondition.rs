//! Conditional requests: `ETag`, `If-None-Match` and `If-Match` (RFC 9110, 8.8.3 and 13.1).

use std::future::{Ready, ready};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    http::{
        StatusCode,
        header::{self, HeaderName},
    },
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{
    problem::{ApiError, ApiResult},
    store::{Error, Result, version::ExpectedVersion},
};

/// Responds with a value and the `ETag` of its JSON, or with 304 if the client has this version.
///
/// # Errors
/// Fails if the value can't be serialized.
pub fn with_etag<T: Serialize>(req: &HttpRequest, value: &T) -> ApiResult {
    let (body, tag) = written(value)?;
    let known = lines(req, &header::IF_NONE_MATCH).unwrap_or_default();
    let is_known = known
        .split(',')
        .map(|one| one.trim().trim_start_matches("W/"))
        .any(|one| one == tag || one == "*");
    let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((header::ETAG, tag))
        .insert_header((header::CACHE_CONTROL, "private, no-cache"));
    Ok(if is_known {
        response.finish()
    } else {
        response.content_type("application/json").body(body)
    })
}

/// Responds with a changed value and its new `ETag`, which is the one that reading it returns.
///
/// # Errors
/// Fails if the value can't be serialized.
pub fn with_new_etag<T: Serialize>(value: &T) -> ApiResult {
    let (body, tag) = written(value)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, tag))
        .content_type("application/json")
        .body(body))
}

fn written<T: Serialize>(value: &T) -> Result<(Vec<u8>, String)> {
    let body = serde_json::to_vec(value).map_err(|_| Error::Internal)?;
    let tag = format!("\"{}\"", BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(&body)[..16]));
    Ok((body, tag))
}

/// `If-Match`: makes the change conditional on the version that the client knows.
#[derive(Clone, Default, Debug)]
pub struct IfMatch(Option<String>);

impl IfMatch {
    /// The expected version, compared with the `ETag` of the current value as `view` shows it. Any
    /// version is accepted without the header.
    #[must_use]
    pub fn of<T, V: Serialize>(
        self,
        view: impl Fn(&T) -> V + Send + 'static,
    ) -> ExpectedVersion<T> {
        let Some(wanted) = self.0 else { return ExpectedVersion::any() };
        // A weak `ETag` never matches (RFC 9110, 13.1.1).
        ExpectedVersion::when(move |now| {
            written(&view(now)).is_ok_and(|(_, tag)| {
                wanted.split(',').map(str::trim).any(|one| one == "*" || one == tag)
            })
        })
    }
}

impl FromRequest for IfMatch {
    type Error = ApiError;
    type Future = Ready<std::result::Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(lines(req, &header::IF_MATCH))))
    }
}

/// The value of a header that may come in several lines, joined by commas; `None` without the
/// header.
fn lines(req: &HttpRequest, name: &HeaderName) -> Option<String> {
    let lines = req
        .headers()
        .get_all(name)
        .map(|line| line.to_str().unwrap_or_default())
        .collect::<Vec<_>>();
    (!lines.is_empty()).then(|| lines.join(","))
}

/// Refuses `If-Match` on a resource that has no `ETag`.
///
/// # Errors
/// Always `precondition_failed`.
pub async fn unsupported_precondition() -> ApiResult {
    let detail = "This operation knows no versions, so nothing was done. Leave If-Match out.";
    Err(ApiError::new(StatusCode::PRECONDITION_FAILED, "precondition_failed", detail))
}
