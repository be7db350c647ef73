//! `DELETE /webhooks/{webhook_id}`: deletes an endpoint.

use actix_web::{HttpResponse, web::Data};

use crate::{
    app::App,
    auth::Caller,
    precondition::IfMatch,
    problem::ApiResult,
    request::WebhookPath,
    store::webhooks::{self, Endpoint},
    views::webhooks::webhook as view,
};

/// Deletes the endpoint. Nothing more is sent to it.
///
/// # Errors
/// `wrong_role`, `not_found`, `precondition_failed`.
pub async fn delete_webhook(
    app: Data<App>,
    caller: Caller,
    WebhookPath(webhook): WebhookPath,
    if_match: IfMatch,
) -> ApiResult {
    let staff = caller.require_staff()?;
    let (ctx, school, zone) = (app.context(), caller.school_id(), caller.school.zone());
    let expected = if_match.of(move |endpoint: &Endpoint| view(endpoint, zone));
    app.store
        .write(move |db| webhooks::delete_webhook(db, &ctx, school, staff, webhook, &expected))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
