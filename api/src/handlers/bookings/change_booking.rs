//! `PATCH /bookings/{booking_id}`: moves an appointment to another time.

use actix_web::web::Data;
use chrono::Utc;
use parlour_wire::BookingChange;

use crate::{
    app::App,
    auth::Caller,
    precondition::{IfMatch, with_new_etag},
    problem::ApiResult,
    request::{Body, BookingPath},
    store::bookings,
    views::booking_details as view,
};

/// Moves the appointment. The old time becomes free in the same transaction that claims the new
/// one.
///
/// # Errors
/// `slot_taken`, `person_busy`, `booking_cancelled`, `not_a_slot`, `precondition_failed`, the
/// refusals of the booking window.
pub async fn change_booking(
    app: Data<App>,
    caller: Caller,
    BookingPath(booking): BookingPath,
    if_match: IfMatch,
    body: Body<BookingChange>,
) -> ApiResult {
    let (ctx, editor, expected) = (app.context(), caller.editor()?, if_match.of(view));
    let to = body.value.starts_at.with_timezone(&Utc);
    let moved = app
        .store
        .write(move |db| bookings::change_booking(db, &ctx, &editor, booking, to, &expected))
        .await?;
    with_new_etag(&view(&moved))
}
