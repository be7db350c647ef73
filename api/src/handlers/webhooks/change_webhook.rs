//! `PATCH /webhooks/{webhook_id}`: changes an endpoint.

use actix_web::web::Data;
use parlour_wire::WebhookChange;

use super::chosen_types;
use crate::{
    app::App,
    auth::Caller,
    precondition::{IfMatch, with_new_etag},
    problem::ApiResult,
    request::{Body, WebhookPath, checked},
    store::webhooks::{self, Change, Endpoint},
    views::webhooks::webhook as view,
    webhooks::check_url,
};

/// Changes the fields that are given and leaves the rest.
///
/// # Errors
/// `wrong_role`, `not_found`, `invalid`, `webhook_url_refused`, `precondition_failed`.
pub async fn change_webhook(
    app: Data<App>,
    caller: Caller,
    WebhookPath(webhook): WebhookPath,
    if_match: IfMatch,
    body: Body<WebhookChange>,
) -> ApiResult {
    let staff = caller.require_staff()?;
    checked(&body.value)?;
    let given = body.value;
    let change = Change {
        url: given.url.map(|url| check_url(&url, app.webhook_sender.reach())).transpose()?,
        event_types: given.event_types.map(|types| chosen_types(&types)).transpose()?,
        enabled: given.enabled,
    };
    let (ctx, school, zone) = (app.context(), caller.school_id(), caller.school.zone());
    let expected = if_match.of(move |endpoint: &Endpoint| view(endpoint, zone));
    let endpoint = app
        .store
        .write(move |db| {
            webhooks::change_webhook(db, &ctx, school, staff, webhook, &expected, &change)
        })
        .await?;
    with_new_etag(&view(&endpoint, zone))
}
