//! `DELETE /guest_sessions`: logs this browser's guest sessions out.

use actix_web::{HttpRequest, HttpResponse, web::Data};

use crate::{
    app::App,
    auth::{GuestSessions, cookies},
    problem::{ApiError, ApiResult},
    store::guests,
};

/// Ends the sessions. The link itself stays valid.
///
/// # Errors
/// `not_logged_in`.
pub async fn delete_guest_sessions(
    app: Data<App>,
    req: HttpRequest,
    guest: GuestSessions,
) -> ApiResult {
    if guest.ids.is_empty() {
        return Err(ApiError::not_logged_in());
    }
    let (ids, ctx) = (guest.ids, app.context());
    app.store.write(move |db| guests::delete_guest_sessions(db, &ctx, &ids)).await?;
    Ok(HttpResponse::NoContent()
        .cookie(cookies::remove(&app.config, &req, cookies::GUEST))
        .finish())
}
