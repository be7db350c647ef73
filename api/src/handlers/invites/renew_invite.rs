//! `POST /invites/{invite_id}/renew`: replaces a guest's link that is in the wrong hands, and mails
//! the new one.

use actix_web::{HttpRequest, web::Data};

use crate::{
    app::App,
    auth::Caller,
    problem::ApiResult,
    request::{InvitePath, idempotency_key},
    store::invites,
    views::invite_details as view,
};

/// Queues the mail with the new link and evicts everybody who used the old one.
///
/// # Errors
/// `resend_too_soon`, `resend_limit`, `invite_removed`, `evening_over`, `not_found`,
/// `idempotency_key_reused`.
pub async fn renew_invite(
    app: Data<App>,
    req: HttpRequest,
    caller: Caller,
    InvitePath(invite): InvitePath,
) -> ApiResult {
    let key = idempotency_key(&req, caller.person.id(), &[])?;
    let (ctx, editor) = (app.context(), caller.editor()?);
    let mailed = app
        .store
        .write(move |db| invites::renew_invite(db, &ctx, &editor, invite, key.as_ref(), view))
        .await?;
    Ok(mailed.into())
}
