//! `POST /webhooks/{webhook_id}/deliveries/{delivery_id}/replay`: sends an event again.

use actix_web::{HttpResponse, web::Data};

use crate::{
    app::App,
    auth::Caller,
    problem::Answer,
    request::{DeliveryPath, WebhookPath},
    store::webhooks,
    views,
};

/// Queues it once more, with the id that it had.
///
/// # Errors
/// `wrong_role`, `not_found`, `webhook_off`.
pub async fn replay_webhook_delivery(app: Data<App>, caller: Caller, WebhookPath(webhook): WebhookPath, DeliveryPath(delivery): DeliveryPath) -> Answer {
    caller.staff()?;
    let (ctx, school) = (app.context(), caller.school_id());
    let again = app.store.write(move |db| webhooks::replay(db, &ctx, school, webhook, delivery)).await?;
    Ok(HttpResponse::Accepted().json(views::webhooks::delivery(&again, caller.school.zone())))
}
