//! The call: its door, its WebSocket, and the servers that help browsers find each other.

mod get_call;
mod get_guest_call;
mod get_ice_servers;
mod open_call_socket;
mod open_check_socket;
mod open_guest_call_socket;
mod upgrade;

use actix_web::web::Json;
use parlour_wire::CallDoor;

pub use self::{
    get_call::get_call, get_guest_call::get_guest_call, get_ice_servers::get_ice_servers,
    open_call_socket::open_call_socket, open_check_socket::open_check_socket,
    open_guest_call_socket::open_guest_call_socket,
};
use crate::{
    app::App,
    problem::Answer,
    store::calls::{self, Visitor},
    views,
};

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
