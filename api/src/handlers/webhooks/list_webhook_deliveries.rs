//! `GET /webhooks/{webhook_id}/deliveries`: the delivery log of an endpoint.

use actix_web::web::{Data, Json, Query};
use parlour_wire::{Page, WebhookDelivery};

use crate::{
    app::App,
    auth::Caller,
    problem::ApiResult,
    request::{CursorPosition, List, PageQuery, WebhookPath, signed_page},
    store::webhooks::{self, Delivery},
    views,
};

/// Lists the deliveries, newest event first.
///
/// # Errors
/// `wrong_role`, `not_found`, `bad_cursor`, `invalid`.
pub async fn list_webhook_deliveries(
    app: Data<App>,
    caller: Caller,
    WebhookPath(webhook): WebhookPath,
    pages: Query<PageQuery>,
) -> ApiResult<Json<Page<WebhookDelivery>>> {
    caller.require_staff()?;
    let (ctx, school, zone) = (app.context(), caller.school_id(), caller.school.zone());
    // The cursor is signed and holds its position, because old deliveries may be deleted between
    // two pages.
    let (after, limit) = pages.read_signed(&app.keys, List::Deliveries, webhook.into())?;
    let rows = app
        .store
        .read(move |db| {
            webhooks::deliveries(db, &ctx, school, webhook, after.map(|place| place.order), limit)
        })
        .await?;
    let place = |row: &Delivery| CursorPosition { order: row.number, id: row.id.0 };
    Ok(Json(signed_page(&app.keys, List::Deliveries, webhook.into(), rows, limit, place, |row| {
        views::webhooks::delivery(&row, zone)
    })))
}
