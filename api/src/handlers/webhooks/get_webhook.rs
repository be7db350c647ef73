//! `GET /webhooks/{webhook_id}`: one endpoint.

use actix_web::web::{Data, Json};
use parlour_wire::Webhook;

use crate::{app::App, auth::Caller, problem::Answer, request::WebhookPath, store::webhooks, views};

/// The endpoint, without its secret.
///
/// # Errors
/// `wrong_role`, `not_found`.
pub async fn get_webhook(app: Data<App>, caller: Caller, WebhookPath(webhook): WebhookPath) -> Answer<Json<Webhook>> {
    caller.staff()?;
    let (ctx, school) = (app.context(), caller.school_id());
    let endpoint = app.store.read(move |db| webhooks::find(db, &ctx, school, webhook)).await?;
    Ok(Json(views::webhooks::webhook(&endpoint, caller.school.zone())))
}
