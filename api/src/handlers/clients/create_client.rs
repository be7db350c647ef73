//! `POST /clients`: creates an API client.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use parlour_wire::NewApiClient;

use super::{REQUESTS_PER_MINUTE, issued, name, scopes};
use crate::{
    app::App,
    auth::Caller,
    problem::ApiResult,
    request::{Body, checked, idempotency_key},
    store::api_clients::{self, ApiClientSettings},
};

/// Creates the API client and its first secret. Only this response contains the secret.
///
/// # Errors
/// `wrong_role`, `invalid`, `idempotency_key_reused`.
pub async fn create_client(
    req: HttpRequest,
    app: Data<App>,
    caller: Caller,
    body: Body<NewApiClient>,
) -> ApiResult {
    let staff = caller.require_staff()?;
    checked(&body.value)?;
    let settings = ApiClientSettings {
        name: name(&body.value.name)?,
        scopes: scopes(&body.value.scopes)?,
        requests_per_minute: body.value.requests_per_minute.unwrap_or(REQUESTS_PER_MINUTE),
    };
    let request = idempotency_key(&req, staff, &body.bytes)?;
    let (ctx, school, zone) = (app.context(), caller.school_id(), caller.school.zone());
    let made = app
        .store
        .write(move |db| api_clients::create(db, &ctx, school, staff, &settings, request.as_ref()))
        .await?;
    Ok(HttpResponse::Created().json(issued(&app, &made, zone)))
}
