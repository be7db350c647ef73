//! `GET /clients/{client_id}`.

use actix_web::{HttpRequest, web::Data};

use crate::{
    app::App, auth::Caller, precondition::tagged, problem::Answer, request::ClientPath,
    store::clients, views::programs::api_client,
};

/// One program.
///
/// # Errors
/// `wrong_role`, `not_found`.
pub async fn get_client(
    req: HttpRequest,
    app: Data<App>,
    caller: Caller,
    ClientPath(client): ClientPath,
) -> Answer {
    caller.staff()?;
    let (school, now) = (caller.school_id(), app.clock.now());
    let client = app.store.read(move |db| clients::find(db, school, client, now)).await?;
    tagged(&req, &api_client(&client, caller.school.zone()))
}
