//! `PATCH /bookings/{booking_id}`: moves an appointment to another time.

use actix_web::web::Data;
use chrono::Utc;
use parlour_wire::BookingChange;

use super::current;
use crate::{
    app::App,
    auth::Caller,
    handlers::bookings::with_lost,
    precondition::{IfMatch, changed},
    problem::Answer,
    request::{Body, BookingPath},
    store::{bookings, evenings, locks::LockRank},
};

/// Moves it; the old time is free at once, and never before the new one is held.
///
/// # Errors
/// `slot_taken`, `person_busy`, `booking_cancelled`, `not_a_slot`, `precondition_failed`, the
/// refusals of the window.
pub async fn change_booking(
    app: Data<App>,
    caller: Caller,
    BookingPath(booking): BookingPath,
    if_match: IfMatch,
    body: Body<BookingChange>,
) -> Answer {
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
            bookings::lock_parent(db, school, owner, booking)?;
            if_match.check(db, LockRank::Booking, booking, |db| {
                current(db, school, owner, booking, ctx.now)
            })?;
            let found = bookings::find(db, school, owner, booking)?;
            let acting = caller.acting_for(found.row.parent_id.into());
            bookings::change(db, &ctx, &evening, &acting, &found.row, starts_at)?;
            current(db, school, owner, booking, ctx.now)
        })
        .await
        .map_err(|error| with_lost(error, &zone_of))?;
    changed(&moved)
}
