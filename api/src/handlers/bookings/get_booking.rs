//! `GET /bookings/{booking_id}`: one booking.

use actix_web::{HttpRequest, web::Data};

use crate::{
    app::App, auth::Caller, precondition::with_etag, problem::ApiResult, request::BookingPath,
    store::bookings, views,
};

/// Returns one booking, live or cancelled.
///
/// # Errors
/// `wrong_role`, `not_found`.
pub async fn get_booking(
    req: HttpRequest,
    app: Data<App>,
    caller: Caller,
    BookingPath(booking): BookingPath,
) -> ApiResult {
    let (school, owner, now) = (caller.school_id(), caller.visible_parent()?, app.clock.now());
    let found =
        app.store.read(move |db| bookings::get_booking(db, school, owner, booking, now)).await?;
    with_etag(&req, &views::booking_details(&found))
}
