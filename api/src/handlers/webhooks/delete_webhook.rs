//! `DELETE /webhooks/{webhook_id}`: deletes an endpoint.

use actix_web::{HttpResponse, web::Data};

use crate::{app::App, auth::Caller, problem::Answer, request::WebhookPath, store::webhooks};

/// Deletes it; nothing more is sent there.
///
/// # Errors
/// `wrong_role`, `not_found`.
pub async fn delete_webhook(app: Data<App>, caller: Caller, WebhookPath(webhook): WebhookPath) -> Answer {
    let staff = caller.staff()?;
    let (ctx, school) = (app.context(), caller.school_id());
    app.store.write(move |db| webhooks::delete(db, &ctx, school, staff, webhook)).await?;
    Ok(HttpResponse::NoContent().finish())
}
