//! Invites.

mod get_invite;
mod get_invites;
mod list_invites;
mod remove_invite;
mod renew_invite;
mod resend_invite;
mod send_invite;

pub use get_invite::get_invite;
pub use get_invites::get_invites;
pub use list_invites::list_invites;
pub use remove_invite::remove_invite;
pub use renew_invite::renew_invite;
pub use resend_invite::resend_invite;
pub use send_invite::send_invite;

use actix_web::HttpRequest;
use parlour_domain::id::{InviteId, PersonId, SchoolId};
use parlour_wire::Invite;

use crate::{
    app::App,
    auth::Caller,
    context::Context,
    problem::Answer,
    request::idempotency_key,
    store::{
        Db, Error,
        bookings::Acting,
        evenings::EveningRow,
        idempotency::{Response, with_idempotency_key},
        invites::{self, InviteRow},
        outbox,
    },
    views,
};

/// An invite as `get_invite` shows it: none that has ended.
fn current(
    db: &mut Db,
    school: SchoolId,
    owner: Option<PersonId>,
    invite: InviteId,
) -> Result<Invite, Error> {
    let row = invites::find(db, school, owner, invite)?;
    if let Some(dead) = row.dead() {
        return Err(Error::Dead(dead));
    }
    let zone = invites::evening_of(db, &row)?.zone();
    let found = match owner {
        Some(parent) => invites::with_students_for(db, parent, vec![row])?,
        None => invites::with_students(db, vec![row])?,
    };
    let one = found.into_iter().next().ok_or(Error::NotFound)?;
    let fates = outbox::fates(db, &[invite])?;
    Ok(views::invite(&one, fates.get(&invite), zone))
}

/// Sends the mail of an invite.
type Mail = fn(&mut Db, &Context, &EveningRow, &Acting, &InviteRow) -> Result<(), Error>;

/// Mails an invite once more, as `mail` does it, and answers with the invite as it is then. A retry
/// with the same `Idempotency-Key` gives the first answer.
async fn mail_again(
    app: &App,
    req: &HttpRequest,
    caller: Caller,
    invite: InviteId,
    mail: Mail,
) -> Answer {
    let key = idempotency_key(req, caller.person.id(), &[])?;
    let (ctx, school, owner) = (app.context(), caller.school_id(), caller.owner()?);
    let view = app.store.write(move |db| {
        let row = invites::find(db, school, owner, invite)?;
        with_idempotency_key(db, &ctx, key.as_ref(), |db| {
            let evening = invites::evening_of(db, &row)?;
            mail(db, &ctx, &evening, &caller.acting_for(row.parent_id.into()), &row)?;
            Response::accepted(&current(db, school, owner, invite)?)
        })
    });
    Ok(view.await?.into())
}
