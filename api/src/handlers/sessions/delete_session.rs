//! `DELETE /sessions/current`: logs this browser out.

use actix_web::{HttpRequest, HttpResponse, web::Data};

use crate::{
    app::App,
    auth::{LoggedIn, cookies},
    problem::ApiResult,
    store::sessions,
};

/// Ends this session.
///
/// # Errors
/// `not_logged_in`, `access_ended`.
pub async fn delete_session(app: Data<App>, req: HttpRequest, caller: LoggedIn) -> ApiResult {
    let (id, ctx) = (caller.session.id, app.context());
    app.store.write(move |db| sessions::end(db, &ctx, id)).await?;
    Ok(HttpResponse::NoContent()
        .cookie(cookies::remove(&app.config, &req, cookies::PERSON))
        .finish())
}
