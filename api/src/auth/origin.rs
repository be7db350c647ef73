//! Where a request that changes something comes from: the school's own pages, or a program without a browser (OWASP CSRF cheat sheet, "verifying origin").

use actix_web::{
    dev::ServiceRequest,
    http::{
        Method, StatusCode,
        header::{self, HeaderMap},
    },
};

use super::cookies;
use crate::{config::Config, problem::ApiError};

/// Checks a request's `Origin`. With a cookie of ours it must be there and be the school's; without one it may be missing, but not be another site's.
///
/// # Errors
/// `bad_origin` otherwise.
pub fn check(config: &Config, req: &ServiceRequest) -> Result<(), ApiError> {
    if matches!(*req.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let has_cookie = [cookies::PERSON, cookies::GUEST, cookies::LOGIN, cookies::DEVICE].into_iter().any(|name| req.cookie(name).is_some());
    match req.headers().get(header::ORIGIN) {
        None if !has_cookie => Ok(()),
        _ => check_own(config, req.headers()),
    }
}

/// Checks that the `Origin` is there and is the school's.
///
/// # Errors
/// `bad_origin` otherwise.
pub fn check_own(config: &Config, headers: &HeaderMap) -> Result<(), ApiError> {
    let scheme = if config.public_url.starts_with("https://") { "https" } else { "http" };
    let own = format!("{scheme}://{}", super::host(headers));
    if headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()).is_some_and(|origin| origin.eq_ignore_ascii_case(&own)) {
        return Ok(());
    }
    Err(ApiError::new(StatusCode::FORBIDDEN, "bad_origin", "The Origin header must be the school's own address."))
}
