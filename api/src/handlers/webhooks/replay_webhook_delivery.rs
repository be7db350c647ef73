//! `POST /webhooks/{webhook_id}/deliveries/{delivery_id}/replay`: sends an event again.

use actix_web::{HttpRequest, web::Data};

use crate::{
    app::App,
    auth::Caller,
    problem::Answer,
    request::{DeliveryPath, WebhookPath, idempotency_key},
    store::{
        Db,
        idempotency::{Response, with_idempotency_key},
        webhooks,
    },
    views,
};

/// Queues it once more, with the id that it had.
///
/// # Errors
/// `wrong_role`, `not_found`, `webhook_off`, `idempotency_key_reused`.
pub async fn replay_webhook_delivery(
    req: HttpRequest,
    app: Data<App>,
    caller: Caller,
    WebhookPath(webhook): WebhookPath,
    DeliveryPath(delivery): DeliveryPath,
) -> Answer {
    let request = idempotency_key(&req, caller.staff()?, &[])?;
    let (ctx, school, zone) = (app.context(), caller.school_id(), caller.school.zone());
    let send = move |db: &mut Db| {
        with_idempotency_key(db, &ctx, request.as_ref(), |db| {
            let again = webhooks::replay(db, &ctx, school, webhook, delivery)?;
            Response::accepted(&views::webhooks::delivery(&again, zone))
        })
    };
    Ok(app.store.write(send).await?.into())
}
