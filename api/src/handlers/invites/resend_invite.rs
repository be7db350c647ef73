//! `POST /invites/{invite_id}/resend`: mails the same link again.

use actix_web::{HttpRequest, web::Data};

use super::mail_again;
use crate::{app::App, auth::Caller, problem::Answer, request::InvitePath, store::invites};

/// Queues the mail once more.
///
/// # Errors
/// `resend_too_soon`, `resend_limit`, `invite_removed`, `evening_over`, `not_found`,
/// `idempotency_key_reused`.
pub async fn resend_invite(
    app: Data<App>,
    req: HttpRequest,
    caller: Caller,
    InvitePath(invite): InvitePath,
) -> Answer {
    mail_again(&app, &req, caller, invite, invites::resend).await
}
