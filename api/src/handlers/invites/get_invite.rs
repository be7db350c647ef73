//! `GET /invites/{invite_id}`.

use actix_web::{HttpRequest, web::Data};

use crate::{
    app::App, auth::Caller, precondition::tagged, problem::Answer, request::InvitePath,
    store::invites, views,
};

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
    let found = app.store.read(move |db| invites::get_invite(db, school, owner, invite)).await?;
    tagged(&req, &views::invite_details(&found))
}
