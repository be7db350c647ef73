//! `GET /webhooks/{webhook_id}/deliveries`: what an endpoint was sent.

use actix_web::web::{Data, Json, Query};
use parlour_domain::id::DeliveryId;
use parlour_wire::{Page, WebhookDelivery};

use crate::{
    app::App,
    auth::Caller,
    problem::Answer,
    request::{List, PageQuery, WebhookPath, page},
    store::webhooks,
    views,
};

/// A page of the log, the newest event first.
///
/// # Errors
/// `wrong_role`, `not_found`, `bad_cursor`, `invalid`.
pub async fn list_webhook_deliveries(
    app: Data<App>,
    caller: Caller,
    WebhookPath(webhook): WebhookPath,
    pages: Query<PageQuery>,
) -> Answer<Json<Page<WebhookDelivery>>> {
    caller.staff()?;
    let (after, limit) = pages.read(List::Deliveries)?;
    let (ctx, school, zone) = (app.context(), caller.school_id(), caller.school.zone());
    let rows = app.store.read(move |db| webhooks::deliveries(db, &ctx, school, webhook, after.map(DeliveryId), limit)).await?;
    Ok(Json(page(List::Deliveries, rows, limit, |row| row.id.0, |row| views::webhooks::delivery(&row, zone))))
}
