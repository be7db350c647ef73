//! `GET /invites/{invite_id}`.

use actix_web::{HttpRequest, web::Data};

use super::current;
use crate::{app::App, auth::Caller, precondition::tagged, problem::Answer, request::InvitePath};

/// One live invite.
///
/// # Errors
/// `not_found`, `invite_removed`, `access_ended`.
pub async fn get_invite(
    req: HttpRequest,
    app: Data<App>,
    caller: Caller,
    InvitePath(invite): InvitePath,
) -> Answer {
    let (school, owner) = (caller.school_id(), caller.owner()?);
    tagged(&req, &app.store.read(move |db| current(db, school, owner, invite)).await?)
}
