//! `POST /clients/{client_id}/secrets`: makes a new secret for an API client.

use actix_web::{HttpRequest, HttpResponse, web::Data};

use super::issued;
use crate::{
    app::App,
    auth::Caller,
    problem::ApiResult,
    request::{ClientPath, idempotency_key},
    store::api_clients,
};

/// Makes the secret. Only this response contains it; the secret before it stays valid for a day.
///
/// # Errors
/// `wrong_role`, `not_found`, `idempotency_key_reused`.
pub async fn create_client_secret(
    req: HttpRequest,
    app: Data<App>,
    caller: Caller,
    ClientPath(client): ClientPath,
) -> ApiResult {
    let staff = caller.require_staff()?;
    let request = idempotency_key(&req, staff, &[])?;
    let (ctx, school, zone) = (app.context(), caller.school_id(), caller.school.zone());
    let made = app
        .store
        .write(move |db| api_clients::rotate(db, &ctx, school, staff, client, request.as_ref()))
        .await?;
    Ok(HttpResponse::Created().json(issued(&app, &made, zone)))
}
