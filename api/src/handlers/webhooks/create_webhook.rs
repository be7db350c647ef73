//! `POST /webhooks`: creates an endpoint.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use parlour_wire::NewWebhook;

use super::{chosen_types, with_secret};
use crate::{
    app::App,
    auth::Caller,
    problem::ApiResult,
    request::{Body, checked, idempotency_key},
    store::webhooks,
    webhooks::check_url,
};

/// Creates the endpoint. Only this response contains its secret.
///
/// # Errors
/// `wrong_role`, `invalid`, `webhook_url_refused`, `webhook_limit`, `idempotency_key_reused`.
pub async fn create_webhook(
    req: HttpRequest,
    app: Data<App>,
    caller: Caller,
    body: Body<NewWebhook>,
) -> ApiResult {
    let staff = caller.require_staff()?;
    checked(&body.value)?;
    let url = check_url(&body.value.url, app.webhook_sender.reach())?;
    let types = chosen_types(&body.value.event_types)?;
    let request = idempotency_key(&req, staff, &body.bytes)?;
    let (ctx, school) = (app.context(), caller.school_id());
    let (endpoint, secret) = app
        .store
        .write(move |db| {
            webhooks::create_webhook(db, &ctx, school, staff, &url, &types, request.as_ref())
        })
        .await?;
    Ok(HttpResponse::Created().json(with_secret(&app, &endpoint, secret, caller.school.zone())))
}
