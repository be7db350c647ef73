//! `DELETE /bookings/{booking_id}`: cancels an appointment.

use actix_web::{HttpResponse, web::Data};

use super::current;
use crate::{
    app::App,
    auth::Caller,
    precondition::IfMatch,
    problem::Answer,
    request::BookingPath,
    store::{bookings, evenings, locks::LockRank},
};

/// Cancels it; one that is cancelled stays so.
///
/// # Errors
/// `not_found`, `precondition_failed`, the refusals of the window.
pub async fn cancel_booking(
    app: Data<App>,
    caller: Caller,
    BookingPath(booking): BookingPath,
    if_match: IfMatch,
) -> Answer {
    let (ctx, school, owner) = (app.context(), caller.school_id(), caller.owner()?);
    app.store
        .write(move |db| {
            bookings::lock_parent(db, school, owner, booking)?;
            if_match.check(db, LockRank::Booking, booking, |db| {
                current(db, school, owner, booking, ctx.now)
            })?;
            let found = bookings::find(db, school, owner, booking)?;
            let evening = evenings::find(db, school, found.row.evening_id.into())?;
            bookings::cancel(
                db,
                &ctx,
                &evening,
                &caller.acting_for(found.row.parent_id.into()),
                &found.row,
            )
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
