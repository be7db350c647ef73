//! `DELETE /invites/{invite_id}`: removes an invite.

use actix_web::{HttpResponse, web::Data};

use super::current;
use crate::{
    app::App,
    auth::Caller,
    precondition::IfMatch,
    problem::Answer,
    request::InvitePath,
    store::{invites, locks::LockRank},
};

/// Its link is dead at once; one that was removed stays so.
///
/// # Errors
/// `not_found`, `precondition_failed`.
pub async fn remove_invite(
    app: Data<App>,
    caller: Caller,
    InvitePath(invite): InvitePath,
    if_match: IfMatch,
) -> Answer {
    let (ctx, school, owner) = (app.context(), caller.school_id(), caller.owner()?);
    app.store
        .write(move |db| {
            if_match
                .check(db, LockRank::Invite, invite, |db| current(db, school, owner, invite))?;
            let row = invites::find(db, school, owner, invite)?;
            let evening = invites::evening_of(db, &row)?;
            invites::remove(db, &ctx, &evening, &caller.acting_for(row.parent_id.into()), &row)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
