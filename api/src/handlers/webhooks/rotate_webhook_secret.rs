//! `POST /webhooks/{webhook_id}/secrets`: a new secret.

use actix_web::{HttpResponse, web::Data};
use parlour_wire::WebhookWithSecret;

use crate::{app::App, auth::Caller, problem::Answer, request::WebhookPath, store::webhooks, views, webhooks::secret_text};

/// Makes a new secret, which the answer alone has; the one before it is good for another day.
///
/// # Errors
/// `wrong_role`, `not_found`.
pub async fn rotate_webhook_secret(app: Data<App>, caller: Caller, WebhookPath(webhook): WebhookPath) -> Answer {
    let staff = caller.staff()?;
    let (ctx, school) = (app.context(), caller.school_id());
    let (endpoint, secret) = app.store.write(move |db| webhooks::rotate(db, &ctx, school, staff, webhook)).await?;
    let webhook = views::webhooks::webhook(&endpoint, caller.school.zone());
    Ok(HttpResponse::Created().json(WebhookWithSecret { webhook, secret: secret_text(&app.keys, secret) }))
}
