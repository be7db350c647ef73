//! `POST /invites/{invite_id}/resend`: mails the same link again.

use actix_web::{HttpResponse, web::Data};

use crate::{
    app::App,
    auth::Caller,
    problem::Answer,
    request::InvitePath,
    store::{Error, invites, outbox},
    views,
};

/// Queues the mail once more.
///
/// # Errors
/// `resend_too_soon`, `resend_limit`, `invite_removed`, `evening_over`, `not_found`.
pub async fn resend_invite(app: Data<App>, caller: Caller, InvitePath(invite): InvitePath) -> Answer {
    let (ctx, school, owner) = (app.context(), caller.school_id(), caller.owner()?);
    let view = app.store.write(move |db| {
        let row = invites::find(db, school, owner, invite)?;
        let evening = invites::evening_of(db, &row)?;
        invites::resend(db, &ctx, &evening, &caller.acting_for(row.parent_id.into()), &row)?;
        let stored = invites::find(db, school, owner, invite)?;
        let one = invites::with_students(db, vec![stored])?.pop().ok_or(Error::NotFound)?;
        let fates = outbox::fates(db, &[invite])?;
        Ok(views::invite(&one, fates.get(&invite), evening.zone()))
    });
    Ok(HttpResponse::Accepted().json(view.await?))
}
