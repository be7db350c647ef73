//! Authorisation for a call: finds the person or the guest who may enter it, and loads the call's
//! door for them.

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

/// Turns a logged-in person into a visitor of the booking's call. Does not read the database.
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

/// Finds the guest session of this browser whose invite covers the booking, and loads the call's
/// door for that guest.
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

/// Loads the call's door for a visitor.
///
/// # Errors
/// `not_found`, `booking_cancelled`, `not_a_video_call`, `access_ended`.
pub async fn door(app: &App, visitor: Visitor) -> ApiResult<(Visitor, Door)> {
    let Visitor { school, booking, who, .. } = visitor;
    let now = app.clock.now();
    let door = app.store.read(move |db| calls::door(db, school, who, booking, now)).await?;
    Ok((visitor, door))
}
