//! `POST /webhooks/{webhook_id}/test`: sends an event without meaning.

use actix_web::{HttpRequest, web::Data};

use crate::{
    app::App,
    auth::Caller,
    problem::Answer,
    request::{WebhookPath, idempotency_key},
    store::{
        Db,
        idempotency::{Response, with_idempotency_key},
        webhooks,
    },
    views,
};

/// Queues a `webhook.test`; the log tells how it went.
///
/// # Errors
/// `wrong_role`, `not_found`, `webhook_off`, `idempotency_key_reused`.
pub async fn test_webhook(
    req: HttpRequest,
    app: Data<App>,
    caller: Caller,
    WebhookPath(webhook): WebhookPath,
) -> Answer {
    let staff = caller.staff()?;
    let request = idempotency_key(&req, staff, &[])?;
    let (ctx, school, zone) = (app.context(), caller.school_id(), caller.school.zone());
    let send = move |db: &mut Db| {
        with_idempotency_key(db, &ctx, request.as_ref(), |db| {
            let test = webhooks::send_test(db, &ctx, school, webhook)?;
            Response::accepted(&views::webhooks::delivery(&test, zone))
        })
    };
    Ok(app.store.write(send).await?.into())
}
