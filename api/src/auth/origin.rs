//! Where a request that changes something comes from: the school's own pages, or a program without
//! a browser (OWASP CSRF cheat sheet, "verifying origin").

use actix_web::{
    HttpRequest,
    http::{StatusCode, header},
};

use super::{cookies, school_address};
use crate::{
    app::App,
    problem::{ApiError, ApiResult},
};

/// Checks the `Origin` of a request that may change something. With a cookie of ours it must be
/// there and be the school's; without one it may be missing, but not be another site's.
///
/// # Errors
/// `bad_origin` otherwise; what the database says.
pub async fn check(app: &App, req: &HttpRequest) -> ApiResult<()> {
    if !req.headers().contains_key(header::ORIGIN) && !cookies::has_any(req) {
        return Ok(());
    }
    require_own_origin(app, req).await
}

/// Checks that the `Origin` is there and is the one where the settings have the school's pages. The
/// `Host` header only says which school is meant: another site can lead its own name to us, and
/// then both headers are its own.
///
/// # Errors
/// `bad_origin` otherwise; what the database says.
pub async fn require_own_origin(app: &App, req: &HttpRequest) -> ApiResult<()> {
    let host = match app.schools.find(school_address(req)).await {
        Ok(school) => school.host,
        Err(error) if error.code() == "unknown_school" => None,
        Err(error) => return Err(error),
    };
    let origin = req.headers().get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    if origin.is_some_and(|origin| app.config.is_origin(origin, host.as_deref())) {
        return Ok(());
    }
    Err(ApiError::new(
        StatusCode::FORBIDDEN,
        "bad_origin",
        "The Origin header must be the school's own address.",
    ))
}
