//! The call: its door, its WebSocket, and the servers that help browsers find each other.

mod get_call;
mod get_guest_call;
mod get_ice_servers;
mod open_call_socket;
mod open_check_socket;
mod open_guest_call_socket;
mod upgrade;

use actix_web::web::Json;
use parlour_domain::id::BookingId;
use parlour_wire::CallDoor;

pub use self::{
    get_call::get_call, get_guest_call::get_guest_call, get_ice_servers::get_ice_servers,
    open_call_socket::open_call_socket, open_check_socket::open_check_socket,
    open_guest_call_socket::open_guest_call_socket,
};
use crate::{
    app::App,
    auth::{GuestSessions, LoggedIn},
    problem::{Answer, ApiError},
    store::{
        Db, Error,
        calls::{self, Visitor, Who},
        guests,
        sessions::Role,
    },
    views,
};

/// A person at a call's door.
///
/// # Errors
/// `choose_identity`, `wrong_role` for staff.
fn person(of: LoggedIn, booking: BookingId) -> Answer<Visitor> {
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

/// What a visitor sees at the door.
///
/// # Errors
/// `not_found`, `booking_cancelled`, `not_a_video_call`; for guests the reasons of their link.
async fn door(app: &App, visitor: Visitor) -> Answer<Json<CallDoor>> {
    let now = app.clock.now();
    let (door, next) = app
        .store
        .read(move |db| {
            let door = calls::door(db, visitor.school, visitor.who, visitor.booking, now)?;
            let next = calls::next_call(db, visitor.who, &door, now)?;
            Ok((door, next))
        })
        .await?;
    Ok(Json(views::call_door(&visitor, &door, next.as_ref(), now)))
}
