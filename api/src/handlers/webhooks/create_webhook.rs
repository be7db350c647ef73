//! `POST /webhooks`: makes an endpoint.

use actix_web::{HttpResponse, web::Data};
use parlour_wire::{NewWebhook, WebhookWithSecret};

use super::chosen_types;
use crate::{
    app::App,
    auth::Caller,
    problem::Answer,
    request::{Body, checked},
    store::webhooks,
    views,
    webhooks::{check_url, secret_text},
};

/// Makes it; the answer alone has its secret.
///
/// # Errors
/// `wrong_role`, `invalid`, `webhook_url_refused`, `webhook_limit`.
pub async fn create_webhook(app: Data<App>, caller: Caller, body: Body<NewWebhook>) -> Answer {
    let staff = caller.staff()?;
    checked(&body.value)?;
    let url = check_url(&body.value.url, app.hooks.reach())?;
    let types = chosen_types(&body.value.event_types)?;
    let (ctx, school) = (app.context(), caller.school_id());
    let (endpoint, secret) = app.store.write(move |db| webhooks::create(db, &ctx, school, staff, &url, &types)).await?;
    let webhook = views::webhooks::webhook(&endpoint, caller.school.zone());
    Ok(HttpResponse::Created().json(WebhookWithSecret { webhook, secret: secret_text(&app.keys, secret) }))
}
