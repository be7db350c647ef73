//! `GET /me`: the session of this browser.

use actix_web::web::{Data, Json};
use parlour_wire::Me;

use crate::{app::App, auth::LoggedIn, problem::ApiResult, store::sessions, views};

/// Returns the session and all identities of its address.
///
/// # Errors
/// `not_logged_in`, `access_ended`.
pub async fn get_me(app: Data<App>, caller: LoggedIn) -> ApiResult<Json<Me>> {
    let (school, address_key) = (caller.school.id(), caller.session.address_key.clone());
    let identities =
        app.store.read(move |db| sessions::identities(db, school, &address_key)).await?;
    Ok(Json(views::me(
        &caller.school,
        &caller.session,
        &identities,
        app.config.mode.has_dev_tools(),
    )))
}
