//! `GET /webhooks/{webhook_id}`: one endpoint.

use actix_web::{HttpRequest, web::Data};

use crate::{
    app::App, auth::Caller, precondition::with_etag, problem::ApiResult, request::WebhookPath,
    store::webhooks, views::webhooks::webhook as view,
};

/// Returns the endpoint without its secret.
///
/// # Errors
/// `wrong_role`, `not_found`.
pub async fn get_webhook(
    req: HttpRequest,
    app: Data<App>,
    caller: Caller,
    WebhookPath(webhook): WebhookPath,
) -> ApiResult {
    caller.require_staff()?;
    let (ctx, school) = (app.context(), caller.school_id());
    let endpoint = app.store.read(move |db| webhooks::find(db, &ctx, school, webhook)).await?;
    with_etag(&req, &view(&endpoint, caller.school.zone()))
}
