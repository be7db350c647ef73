//! `POST /webhooks/{webhook_id}/test`: sends an event without meaning.

use actix_web::{HttpResponse, web::Data};

use crate::{app::App, auth::Caller, problem::Answer, request::WebhookPath, store::webhooks, views};

/// Queues a `webhook.test`; the log tells how it went.
///
/// # Errors
/// `wrong_role`, `not_found`, `webhook_off`.
pub async fn test_webhook(app: Data<App>, caller: Caller, WebhookPath(webhook): WebhookPath) -> Answer {
    caller.staff()?;
    let (ctx, school) = (app.context(), caller.school_id());
    let test = app.store.write(move |db| webhooks::send_test(db, &ctx, school, webhook)).await?;
    Ok(HttpResponse::Accepted().json(views::webhooks::delivery(&test, caller.school.zone())))
}
