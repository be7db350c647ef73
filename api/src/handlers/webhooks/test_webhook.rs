//! `POST /webhooks/{webhook_id}/test`: sends a test event.

use actix_web::{HttpRequest, web::Data};

use crate::{
    app::App,
    auth::Caller,
    problem::ApiResult,
    request::{WebhookPath, idempotency_key},
    store::webhooks::{self, Delivery},
    views,
};

/// Queues a `webhook.test` event; the delivery log shows its result.
///
/// # Errors
/// `wrong_role`, `not_found`, `webhook_off`, `idempotency_key_reused`.
pub async fn test_webhook(
    req: HttpRequest,
    app: Data<App>,
    caller: Caller,
    WebhookPath(webhook): WebhookPath,
) -> ApiResult {
    let staff = caller.require_staff()?;
    let request = idempotency_key(&req, staff, &[])?;
    let (ctx, school, zone) = (app.context(), caller.school_id(), caller.school.zone());
    let view = move |sent: &Delivery| views::webhooks::delivery(sent, zone);
    let test = app
        .store
        .write(move |db| webhooks::test_webhook(db, &ctx, school, webhook, request.as_ref(), view))
        .await?;
    Ok(test.into())
}
