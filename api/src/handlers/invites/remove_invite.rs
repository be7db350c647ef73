//! `DELETE /invites/{invite_id}`: removes an invite.

use actix_web::{HttpResponse, web::Data};

use crate::{app::App, auth::Caller, problem::Answer, request::InvitePath, store::invites};

/// Its link is dead at once; one that was removed stays so.
///
/// # Errors
/// `not_found`.
pub async fn remove_invite(app: Data<App>, caller: Caller, InvitePath(invite): InvitePath) -> Answer {
    let (ctx, school, owner) = (app.context(), caller.school_id(), caller.owner()?);
    app.store
        .write(move |db| {
            let row = invites::find(db, school, owner, invite)?;
            let evening = invites::evening_of(db, &row)?;
            invites::remove(db, &ctx, &evening, &caller.acting_for(row.parent_id.into()), &row)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
