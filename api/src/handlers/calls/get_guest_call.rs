//! `GET /guest/appointments/{booking_id}/call`: the door of a call, for the guest invited.

use actix_web::web::{Data, Json};
use parlour_wire::CallDoor;

use crate::{
    app::App,
    auth::{GuestSessions, call_visitor},
    problem::Answer,
    request::BookingPath,
};

/// What the guest sees before entering; changes nothing.
///
/// # Errors
/// `not_logged_in`, `not_found`, `booking_cancelled`, `not_a_video_call`, `invite_removed`,
/// `access_ended`, `link_dead`.
pub async fn get_guest_call(
    app: Data<App>,
    guest: GuestSessions,
    BookingPath(booking): BookingPath,
) -> Answer<Json<CallDoor>> {
    super::door(&app, call_visitor::guest(&app, guest, booking).await?).await
}
