//! `POST /webhooks/{webhook_id}/deliveries/{delivery_id}/replay`: sends an event again.

use actix_web::{HttpRequest, web::Data};

use crate::{
    app::App,
    auth::Caller,
    problem::ApiResult,
    request::{DeliveryPath, WebhookPath, idempotency_key},
    store::webhooks::{self, Delivery},
    views,
};

/// Queues the event again with its original id.
///
/// # Errors
/// `wrong_role`, `not_found`, `webhook_off`, `idempotency_key_reused`.
pub async fn replay_webhook_delivery(
    req: HttpRequest,
    app: Data<App>,
    caller: Caller,
    WebhookPath(webhook): WebhookPath,
    DeliveryPath(delivery): DeliveryPath,
) -> ApiResult {
    let request = idempotency_key(&req, caller.require_staff()?, &[])?;
    let (ctx, school, zone) = (app.context(), caller.school_id(), caller.school.zone());
    let (of, view) =
        ((webhook, delivery), move |again: &Delivery| views::webhooks::delivery(again, zone));
    let again = app
        .store
        .write(move |db| {
            webhooks::replay_webhook_delivery(db, &ctx, school, of, request.as_ref(), view)
        })
        .await?;
    Ok(again.into())
}
