//! `DELETE /bookings/{booking_id}`: cancels an appointment.

use actix_web::{HttpResponse, web::Data};

use crate::{
    app::App, auth::Caller, precondition::IfMatch, problem::ApiResult, request::BookingPath,
    store::bookings, views::booking_details as view,
};

/// Cancels the appointment. Cancelling it again changes nothing.
///
/// # Errors
/// `not_found`, `precondition_failed`, the refusals of the booking window.
pub async fn cancel_booking(
    app: Data<App>,
    caller: Caller,
    BookingPath(booking): BookingPath,
    if_match: IfMatch,
) -> ApiResult {
    let (ctx, editor, expected) = (app.context(), caller.editor()?, if_match.of(view));
    app.store
        .write(move |db| bookings::cancel_booking(db, &ctx, &editor, booking, &expected))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
