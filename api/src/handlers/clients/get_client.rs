//! `GET /clients/{client_id}`: one API client.

use actix_web::{HttpRequest, web::Data};

use crate::{
    app::App, auth::Caller, precondition::with_etag, problem::ApiResult, request::ClientPath,
    store::api_clients, views::exports::api_client,
};

/// Returns one API client.
///
/// # Errors
/// `wrong_role`, `not_found`.
pub async fn get_client(
    req: HttpRequest,
    app: Data<App>,
    caller: Caller,
    ClientPath(client): ClientPath,
) -> ApiResult {
    caller.require_staff()?;
    let (school, now) = (caller.school_id(), app.clock.now());
    let client = app.store.read(move |db| api_clients::find(db, school, client, now)).await?;
    with_etag(&req, &api_client(&client, caller.school.zone()))
}
