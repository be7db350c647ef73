//! `GET /bookings/{booking_id}/call`: the door of a call, for its parent and its teachers.

use actix_web::web::{Data, Json};
use parlour_wire::CallDoor;

use crate::{
    app::App,
    auth::{LoggedIn, call_visitor},
    problem::Answer,
    request::BookingPath,
};

/// What one sees before entering; changes nothing.
///
/// # Errors
/// `not_found`, `wrong_role`, `booking_cancelled`, `not_a_video_call`.
pub async fn get_call(
    app: Data<App>,
    caller: LoggedIn,
    BookingPath(booking): BookingPath,
) -> Answer<Json<CallDoor>> {
    super::door(&app, call_visitor::person(caller, booking)?).await
}
