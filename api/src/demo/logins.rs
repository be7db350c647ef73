//! The demo's one-click logins: sessions of its people, without a login mail.

use chrono::{DateTime, Utc};
use parlour_domain::id::{SchoolId, SessionId};

use super::actors;
use crate::{
    context::Context,
    store::{
        Db, Error, Result, bookings,
        guests::{self, GuestView},
        people,
        sessions::{self, PersonSession, Proof, Role},
    },
};

/// Starts a session of the demo's person with this role.
///
/// # Errors
/// [`Error::NotFound`] when the demo is not loaded.
pub fn log_in(db: &mut Db, ctx: &Context, school: SchoolId, role: Role) -> Result<PersonSession> {
    let actors = actors(db)?;
    let person = match role {
        Role::Parent => actors.parent,
        Role::Teacher => actors.teacher,
        Role::Staff => actors.staff,
    };
    let address_key = people::find(db, school, person)?.email_key.ok_or(Error::NotFound)?;
    let session = sessions::start(db, ctx, school, &address_key, Proof::Address)?;
    sessions::choose(db, &session, person, role)
}

/// Starts a session of the demo's guest.
///
/// # Errors
/// [`Error::NotFound`] when the demo is not loaded, or its invite was removed.
pub fn log_guest_in(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
) -> Result<(SessionId, GuestView)> {
    let invite = actors(db)?.invite.ok_or(Error::NotFound)?;
    let generation = guests::generation(db, school, invite)?;
    guests::start_session(db, ctx, school, invite, generation)
}

/// The start of the first appointment of the demo's parent.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub fn first_appointment(db: &mut Db) -> Result<DateTime<Utc>> {
    let actors = actors(db)?;
    let first = bookings::of_parent(db, actors.evening, actors.parent)?.into_iter().next();
    first.map(|first| *first.row.starts_at).ok_or(Error::NotFound)
}
