//! `PATCH /webhooks/{webhook_id}`: changes an endpoint.

use actix_web::web::Data;
use parlour_wire::WebhookChange;

use super::chosen_types;
use crate::{
    app::App,
    auth::Caller,
    precondition::{IfMatch, changed},
    problem::Answer,
    request::{Body, WebhookPath, checked},
    store::{
        locks::LockRank,
        webhooks::{self, Change},
    },
    views::webhooks::webhook as view,
    webhooks::check_url,
};

/// Changes what is given; the rest stays.
///
/// # Errors
/// `wrong_role`, `not_found`, `invalid`, `webhook_url_refused`, `precondition_failed`.
pub async fn change_webhook(
    app: Data<App>,
    caller: Caller,
    WebhookPath(webhook): WebhookPath,
    if_match: IfMatch,
    body: Body<WebhookChange>,
) -> Answer {
    let staff = caller.staff()?;
    checked(&body.value)?;
    let given = body.value;
    let change = Change {
        url: given.url.map(|url| check_url(&url, app.hooks.reach())).transpose()?,
        event_types: given.event_types.map(|types| chosen_types(&types)).transpose()?,
        enabled: given.enabled,
    };
    let (ctx, school, zone) = (app.context(), caller.school_id(), caller.school.zone());
    let endpoint = app
        .store
        .write(move |db| {
            if_match.check(db, LockRank::Webhook, webhook, |db| {
                Ok(view(&webhooks::find(db, &ctx, school, webhook)?, zone))
            })?;
            webhooks::change(db, &ctx, school, staff, webhook, &change)
        })
        .await?;
    changed(&view(&endpoint, zone))
}
