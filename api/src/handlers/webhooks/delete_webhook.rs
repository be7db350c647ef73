//! `DELETE /webhooks/{webhook_id}`: deletes an endpoint.

use actix_web::{HttpResponse, web::Data};

use crate::{
    app::App,
    auth::Caller,
    precondition::IfMatch,
    problem::Answer,
    request::WebhookPath,
    store::{locks::LockRank, webhooks},
    views::webhooks::webhook as view,
};

/// Deletes it; nothing more is sent there.
///
/// # Errors
/// `wrong_role`, `not_found`, `precondition_failed`.
pub async fn delete_webhook(
    app: Data<App>,
    caller: Caller,
    WebhookPath(webhook): WebhookPath,
    if_match: IfMatch,
) -> Answer {
    let staff = caller.staff()?;
    let (ctx, school, zone) = (app.context(), caller.school_id(), caller.school.zone());
    app.store
        .write(move |db| {
            if_match.check(db, LockRank::Webhook, webhook, |db| {
                Ok(view(&webhooks::find(db, &ctx, school, webhook)?, zone))
            })?;
            webhooks::delete(db, &ctx, school, staff, webhook)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
