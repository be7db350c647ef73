//! The HTTP side of idempotency keys: the request header, and the stored response for retries.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode};
use uuid::Uuid;

use crate::{
    auth,
    problem::{ApiError, ApiResult},
    store::idempotency::{RequestKey, Response},
};

/// The `Idempotency-Key` of a request, if it has one, with a hash of the method, path, query and
/// body.
///
/// # Errors
/// `bad_request` when it is not 1 to 128 printable ASCII characters.
pub fn idempotency_key(
    req: &HttpRequest,
    owner: impl Into<Uuid>,
    body: &[u8],
) -> ApiResult<Option<RequestKey>> {
    let Some(value) = req.headers().get("Idempotency-Key") else { return Ok(None) };
    let key = value
        .to_str()
        .ok()
        .filter(|key| (1..=128).contains(&key.len()) && key.chars().all(|c| c.is_ascii_graphic()));
    let key = key.ok_or_else(|| {
        ApiError::bad_request(
            "Idempotency-Key: give 1 to 128 printable ASCII characters, without blanks.",
        )
    })?;
    let app = auth::app(req)?;
    let mut what = format!("{} {}?{}\n", req.method(), req.path(), req.query_string()).into_bytes();
    what.extend_from_slice(body);
    Ok(Some(RequestKey {
        owner: owner.into(),
        key: key.to_owned(),
        request_hash: app.keys.hash("idempotency", &what),
    }))
}

impl From<Response> for HttpResponse {
    fn from(kept: Response) -> Self {
        let status = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = Self::build(status);
        for header in kept.headers {
            response.insert_header(header);
        }
        if kept.body.is_empty() { response.finish() } else { response.body(kept.body) }
    }
}
