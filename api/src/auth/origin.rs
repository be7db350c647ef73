//! CSRF protection by the `Origin` header (OWASP CSRF cheat sheet, "verifying origin").

use actix_web::{
    HttpRequest,
    http::{StatusCode, header},
};

use super::{cookies, school_address};
use crate::{
    app::App,
    problem::{ApiError, ApiResult},
};

/// Checks the `Origin` of a request that may change something. A request with one of our cookies
/// must have it, and it must be the school's own. A request without our cookies may omit it, but
/// must not send another site's.
///
/// # Errors
/// `bad_origin`; the errors of the database.
pub async fn check(app: &App, req: &HttpRequest) -> ApiResult<()> {
    if !req.headers().contains_key(header::ORIGIN) && !cookies::has_any(req) {
        return Ok(());
    }
    require_own_origin(app, req).await
}

/// Checks that the `Origin` is present and is the configured address of the school's pages. The
/// `Host` header only selects the school and is not trusted: another site can point its own name at
/// this server, and then both headers have that name.
///
/// # Errors
/// `bad_origin`; the errors of the database.
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
