//! `GET /bookings/{booking_id}`.

use actix_web::{HttpRequest, web::Data};

use super::current;
use crate::{app::App, auth::Caller, precondition::tagged, problem::Answer, request::BookingPath};

/// One booking, live or cancelled.
///
/// # Errors
/// `wrong_role`, `not_found`.
pub async fn get_booking(
    req: HttpRequest,
    app: Data<App>,
    caller: Caller,
    BookingPath(booking): BookingPath,
) -> Answer {
    let (school, owner, now) = (caller.school_id(), caller.owner()?, app.clock.now());
    tagged(&req, &app.store.read(move |db| current(db, school, owner, booking, now)).await?)
}
