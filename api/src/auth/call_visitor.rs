//! Who comes to a call: a person by their session, or a guest by the invite that covers the booking.

use parlour_domain::id::BookingId;

use super::{GuestSessions, LoggedIn};
use crate::{
    app::App,
    problem::{Answer, ApiError},
    store::{
        Db, Error,
        calls::{self, Visitor, Who},
        guests,
        sessions::Role,
    },
};

/// A person at a call's door.
///
/// # Errors
/// `choose_identity`, `wrong_role` for staff.
pub fn person(of: LoggedIn, booking: BookingId) -> Answer<Visitor> {
    let (school, session) = (of.school.id(), of.session.id);
    let (person, role) = of.identity()?;
    let who = match role {
        Role::Parent => Who::Parent(person.id()),
        Role::Teacher => Who::Teacher(person.id()),
        Role::Staff => return Err(ApiError::wrong_role()),
    };
    Ok(Visitor { school, booking, who, session })
}

/// The guest whose invite covers the booking, among those that this browser holds sessions of.
///
/// # Errors
/// `not_logged_in`, `not_found`, `booking_cancelled`, `not_a_video_call`; `invite_removed`,
/// `access_ended`, `link_dead`.
pub async fn guest(app: &App, guest: GuestSessions, booking: BookingId) -> Answer<Visitor> {
    let (school, now) = (guest.school.id(), app.clock.now());
    let find = move |db: &mut Db| {
        let mut answer = Ok(None);
        for (session, invite) in guests::invites_of(db, school, &guest.ids)? {
            let visitor = Visitor { school, booking, who: Who::Guest(invite), session };
            match calls::door(db, school, visitor.who, booking, now) {
                Ok(_) => return Ok(Some(visitor)),
                // What another invite of theirs says counts more than that this one has nothing to
                // do with the booking.
                Err(Error::NotFound) if !matches!(answer, Ok(None)) => {}
                Err(error) => answer = Err(error),
            }
        }
        answer
    };
    app.store.read(find).await?.ok_or_else(ApiError::not_logged_in)
}
