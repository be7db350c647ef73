//! `POST /webhooks/{webhook_id}/secrets`: makes a new secret for an endpoint.

use actix_web::{HttpRequest, HttpResponse, web::Data};

use super::with_secret;
use crate::{
    app::App,
    auth::Caller,
    problem::ApiResult,
    request::{WebhookPath, idempotency_key},
    store::webhooks,
};

/// Makes a new secret. Only this response contains it; the old secret stays valid for a day.
///
/// # Errors
/// `wrong_role`, `not_found`, `idempotency_key_reused`.
pub async fn rotate_webhook_secret(
    req: HttpRequest,
    app: Data<App>,
    caller: Caller,
    WebhookPath(webhook): WebhookPath,
) -> ApiResult {
    let staff = caller.require_staff()?;
    let request = idempotency_key(&req, staff, &[])?;
    let (ctx, school) = (app.context(), caller.school_id());
    let (endpoint, secret) = app
        .store
        .write(move |db| {
            webhooks::rotate_webhook_secret(db, &ctx, school, staff, webhook, request.as_ref())
        })
        .await?;
    Ok(HttpResponse::Created().json(with_secret(&app, &endpoint, secret, caller.school.zone())))
}
