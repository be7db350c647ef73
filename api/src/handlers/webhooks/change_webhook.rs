//! `PATCH /webhooks/{webhook_id}`: changes an endpoint.

use actix_web::web::{Data, Json};
use parlour_wire::{Webhook, WebhookChange};

use super::chosen_types;
use crate::{
    app::App,
    auth::Caller,
    problem::Answer,
    request::{Body, WebhookPath, checked},
    store::webhooks::{self, Change},
    views,
    webhooks::check_url,
};

/// Changes what is given; the rest stays.
///
/// # Errors
/// `wrong_role`, `not_found`, `invalid`, `webhook_url_refused`.
pub async fn change_webhook(app: Data<App>, caller: Caller, WebhookPath(webhook): WebhookPath, body: Body<WebhookChange>) -> Answer<Json<Webhook>> {
    let staff = caller.staff()?;
    checked(&body.value)?;
    let given = body.value;
    let change = Change {
        url: given.url.map(|url| check_url(&url, app.hooks.reach())).transpose()?,
        event_types: given.event_types.map(|types| chosen_types(&types)).transpose()?,
        enabled: given.enabled,
    };
    let (ctx, school) = (app.context(), caller.school_id());
    let endpoint = app.store.write(move |db| webhooks::change(db, &ctx, school, staff, webhook, &change)).await?;
    Ok(Json(views::webhooks::webhook(&endpoint, caller.school.zone())))
}
