//! `POST /invites/{invite_id}/renew`: the guest's link is in wrong hands; a new one is mailed and the one before is dead.

use actix_web::{HttpResponse, web::Data};

use crate::{
    app::App,
    auth::Caller,
    problem::Answer,
    request::InvitePath,
    store::{Error, invites, outbox},
    views,
};

/// Queues the mail with the new link, and puts out whoever came in by the one before.
///
/// # Errors
/// `resend_too_soon`, `resend_limit`, `invite_removed`, `evening_over`, `not_found`.
pub async fn renew_invite(app: Data<App>, caller: Caller, InvitePath(invite): InvitePath) -> Answer {
    let (ctx, school, owner) = (app.context(), caller.school_id(), caller.owner()?);
    let view = app.store.write(move |db| {
        let row = invites::find(db, school, owner, invite)?;
        let evening = invites::evening_of(db, &row)?;
        invites::renew(db, &ctx, &evening, &caller.acting_for(row.parent_id.into()), &row)?;
        let stored = invites::find(db, school, owner, invite)?;
        let one = invites::with_students(db, vec![stored])?.pop().ok_or(Error::NotFound)?;
        let fates = outbox::fates(db, &[invite])?;
        Ok(views::invite(&one, fates.get(&invite), evening.zone()))
    });
    Ok(HttpResponse::Accepted().json(view.await?))
}
