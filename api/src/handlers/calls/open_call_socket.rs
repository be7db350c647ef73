//! `GET /bookings/{booking_id}/call/socket`: the WebSocket of a call, for the parent and the
//! teachers of the booking.

use actix_web::{HttpRequest, web};

use super::upgrade;
use crate::{
    auth::{self, LoggedIn, call_visitor},
    problem::ApiResult,
    request::BookingPath,
};

/// Opens the WebSocket. No seat is taken before the browser sends `join`.
///
/// # Errors
/// `upgrade_required`, `bad_origin`; those of `get_call`; `call_early`, `call_over`.
pub async fn open_call_socket(
    req: HttpRequest,
    body: web::Payload,
    caller: LoggedIn,
    BookingPath(booking): BookingPath,
) -> ApiResult {
    let visitor = call_visitor::person(caller, booking)?;
    upgrade::check(&req).await?;
    let (visitor, door) = call_visitor::door(&*auth::app(&req)?, visitor).await?;
    upgrade::open(&req, body, visitor, &door.times)
}
