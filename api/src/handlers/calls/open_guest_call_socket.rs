//! `GET /guest/appointments/{booking_id}/call/socket`: the WebSocket of a call, for an invited
//! guest.

use actix_web::{
    HttpRequest,
    web::{self, Data},
};

use super::upgrade;
use crate::{
    app::App,
    auth::{GuestSessions, call_visitor},
    problem::{ApiError, ApiResult},
    request::BookingPath,
};

/// Opens the WebSocket. No seat is taken before the browser sends `join`.
///
/// # Errors
/// `upgrade_required`, `bad_origin`; those of `get_guest_call`; `call_early`, `call_over`.
pub async fn open_guest_call_socket(
    app: Data<App>,
    req: HttpRequest,
    body: web::Payload,
    guest: GuestSessions,
    BookingPath(booking): BookingPath,
) -> ApiResult {
    if guest.ids.is_empty() {
        return Err(ApiError::not_logged_in());
    }
    upgrade::check(&req).await?;
    let (visitor, door) = call_visitor::guest(&app, guest, booking).await?;
    upgrade::open(&req, body, visitor, &door.times)
}
