//! `GET /bookings/{booking_id}`.

use actix_web::web::{Data, Json};
use parlour_wire::Booking;

use crate::{
    app::App,
    auth::Caller,
    problem::Answer,
    request::BookingPath,
    store::{bookings, evenings},
    views,
};

/// One booking, live or cancelled.
///
/// # Errors
/// `wrong_role`, `not_found`.
pub async fn get_booking(app: Data<App>, caller: Caller, BookingPath(booking): BookingPath) -> Answer<Json<Booking>> {
    let (school, owner) = (caller.school_id(), caller.owner()?);
    let (found, row) = app
        .store
        .read(move |db| {
            let found = bookings::find(db, school, owner, booking)?;
            let row = evenings::find(db, school, found.row.evening_id.into())?;
            Ok((found, row))
        })
        .await?;
    Ok(Json(views::booking(&found, row.zone())))
}
