//! `DELETE /bookings/{booking_id}`: cancels an appointment.

use actix_web::{HttpResponse, web::Data};

use crate::{
    app::App,
    auth::Caller,
    problem::Answer,
    request::BookingPath,
    store::{bookings, evenings},
};

/// Cancels it; one that is cancelled stays so.
///
/// # Errors
/// `not_found`, the refusals of the window.
pub async fn cancel_booking(app: Data<App>, caller: Caller, BookingPath(booking): BookingPath) -> Answer {
    let (ctx, school, owner) = (app.context(), caller.school_id(), caller.owner()?);
    app.store
        .write(move |db| {
            let found = bookings::find(db, school, owner, booking)?;
            let evening = evenings::find(db, school, found.row.evening_id.into())?;
            bookings::cancel(db, &ctx, &evening, &caller.acting_for(found.row.parent_id.into()), &found.row)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
