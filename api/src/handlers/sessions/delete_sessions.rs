//! `DELETE /sessions`: logs the address out in all browsers.

use actix_web::{HttpRequest, HttpResponse, web::Data};

use crate::{
    app::App,
    auth::{LoggedIn, cookies},
    problem::ApiResult,
    store::sessions,
};

/// Ends all sessions of the address at this school.
///
/// # Errors
/// `not_logged_in`, `access_ended`.
pub async fn delete_sessions(app: Data<App>, req: HttpRequest, caller: LoggedIn) -> ApiResult {
    let (school, address_key, ctx) =
        (caller.school.id(), caller.session.address_key, app.context());
    app.store.write(move |db| sessions::end_all(db, &ctx, school, &address_key)).await?;
    Ok(HttpResponse::NoContent()
        .cookie(cookies::remove(&app.config, &req, cookies::PERSON))
        .finish())
}
