//! `GET /clients/{client_id}`.

use actix_web::web::{Data, Json};
use parlour_wire::ApiClient;

use crate::{app::App, auth::Caller, problem::Answer, request::ClientPath, store::clients, views};

/// One program.
///
/// # Errors
/// `wrong_role`, `not_found`.
pub async fn get_client(app: Data<App>, caller: Caller, ClientPath(client): ClientPath) -> Answer<Json<ApiClient>> {
    caller.staff()?;
    let (school, now) = (caller.school_id(), app.clock.now());
    let client = app.store.read(move |db| clients::find(db, school, client, now)).await?;
    Ok(Json(views::programs::api_client(&client, caller.school.zone())))
}
