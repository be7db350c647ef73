//! The identity behind a call: a person by their session, or a guest by the invite that covers the
//! booking, with the call's door as they see it.

use parlour_domain::id::BookingId;

use super::{GuestSessions, LoggedIn};
use crate::{
    app::App,
    problem::{ApiError, ApiResult},
    store::{
        calls::{self, CallIdentity, Door, Visitor},
        guests,
        sessions::Role,
    },
};

/// A person at a call's door.
///
/// # Errors
/// `choose_identity`, `wrong_role` for staff.
pub fn person(of: LoggedIn, booking: BookingId) -> ApiResult<Visitor> {
    let (school, session) = (of.school.id(), of.session.id);
    let (person, role) = of.identity()?;
    let who = match role {
        Role::Parent => CallIdentity::Parent(person.id()),
        Role::Teacher => CallIdentity::Teacher(person.id()),
        Role::Staff => return Err(ApiError::wrong_role()),
    };
    Ok(Visitor { school, booking, who, session })
}

/// The guest whose invite covers the booking, among those that this browser holds sessions of, with
/// the call's door.
///
/// # Errors
/// `not_logged_in`, `not_found`, `booking_cancelled`, `not_a_video_call`; `invite_removed`,
/// `access_ended`, `link_dead`.
pub async fn guest(
    app: &App,
    guest: GuestSessions,
    booking: BookingId,
) -> ApiResult<(Visitor, Door)> {
    let (school, ids, now) = (guest.school.id(), guest.ids, app.clock.now());
    app.store
        .read(move |db| guests::at_door(db, school, &ids, booking, now))
        .await?
        .ok_or_else(ApiError::not_logged_in)
}

/// The call's door of a person, with the person.
///
/// # Errors
/// `not_found`, `booking_cancelled`, `not_a_video_call`, `access_ended`.
pub async fn door(app: &App, visitor: Visitor) -> ApiResult<(Visitor, Door)> {
    let Visitor { school, booking, who, .. } = visitor;
    let now = app.clock.now();
    let door = app.store.read(move |db| calls::door(db, school, who, booking, now)).await?;
    Ok((visitor, door))
}
