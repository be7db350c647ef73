//! `PATCH /bookings/{booking_id}`: moves an appointment to another time.

use actix_web::web::{Data, Json};
use chrono::Utc;
use parlour_wire::{Booking, BookingChange};

use crate::{
    app::App,
    auth::Caller,
    handlers::bookings::with_lost,
    problem::Answer,
    request::{Body, BookingPath},
    store::{bookings, evenings},
    views,
};

/// Moves it; the old time is free at once, and never before the new one is held.
///
/// # Errors
/// `slot_taken`, `person_busy`, `booking_cancelled`, `not_a_slot`, the refusals of the window.
pub async fn change_booking(app: Data<App>, caller: Caller, BookingPath(booking): BookingPath, body: Body<BookingChange>) -> Answer<Json<Booking>> {
    let (ctx, school, owner) = (app.context(), caller.school_id(), caller.owner()?);
    let starts_at = body.value.starts_at.with_timezone(&Utc);
    let evening = app
        .store
        .read(move |db| {
            let found = bookings::find(db, school, owner, booking)?;
            evenings::find(db, school, found.row.evening_id.into())
        })
        .await?;
    let zone_of = evening.clone();
    let moved = app
        .store
        .write(move |db| {
            let found = bookings::find(db, school, owner, booking)?;
            let acting = caller.acting_for(found.row.parent_id.into());
            bookings::change(db, &ctx, &evening, &acting, &found.row, starts_at)?;
            bookings::find(db, school, owner, booking)
        })
        .await
        .map_err(|error| with_lost(error, &zone_of))?;
    Ok(Json(views::booking(&moved, zone_of.zone())))
}
