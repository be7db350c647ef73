//! The contract's operations on bookings: one function per operation, named after it, each in one
//! transaction.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use parlour_domain::{
    booking::NewBooking,
    id::{BookingId, EveningId, PersonId, SchoolId},
};
use serde::Serialize;

use super::{
    Booking, Editor, OnBehalfOf, cancel, change, create, find, list_on_behalf_of, lock_parent,
    mark_stranded,
};
use crate::{
    context::Context,
    store::{
        Db, Result,
        evenings::{self, EveningRow},
        idempotency::{RequestKey, Response, with_idempotency_key},
        invites,
        locks::LockRank,
        version::ExpectedVersion,
    },
};

/// One booking and the time zone of its evening.
#[derive(Clone, Debug)]
pub struct BookingDetails {
    /// The booking.
    pub booking: Booking,
    /// The evening's time zone.
    pub zone: Tz,
}

/// Returns a booking in its present state. The parent does not learn that the roster has stranded
/// it: the appointment stands until the school changes it.
///
/// # Errors
/// The errors of [`find`].
pub fn get_booking(
    db: &mut Db,
    school: SchoolId,
    owner: Option<PersonId>,
    booking: BookingId,
    now: DateTime<Utc>,
) -> Result<BookingDetails> {
    let mut found = find(db, school, owner, booking)?;
    if owner.is_none() {
        mark_stranded(db, now, [&mut found])?;
    }
    let zone = evenings::find(db, school, found.row.evening_id.into())?.zone();
    Ok(BookingDetails { booking: found, zone })
}

/// A parent's bookings of an evening.
#[derive(Clone, Debug)]
pub struct MyBookings {
    /// The evening.
    pub evening: EveningRow,
    /// The bookings, by time.
    pub bookings: Vec<Booking>,
    /// The number of live invites that the parent has in the evening.
    pub invites: usize,
}

/// Returns a parent's bookings of an evening, for the parent or for staff.
///
/// # Errors
/// [`Error::NotFound`](crate::store::Error::NotFound) for an evening that the parent may not see.
pub fn get_bookings(
    db: &mut Db,
    school: SchoolId,
    acting: &OnBehalfOf,
    evening: EveningId,
    now: DateTime<Utc>,
) -> Result<MyBookings> {
    let row = evenings::find_for(db, school, acting.evening_visibility(), evening)?;
    let mut bookings = list_on_behalf_of(db, evening, acting)?;
    if acting.is_staff {
        mark_stranded(db, now, &mut bookings)?;
    }
    let invites = invites::live_of(db, evening, acting.parent)?.len();
    Ok(MyBookings { evening: row, bookings, invites })
}

/// Returns a parent's bookings of an evening, for a calendar.
///
/// # Errors
/// The errors of [`get_bookings`].
pub fn get_calendar(
    db: &mut Db,
    school: SchoolId,
    acting: &OnBehalfOf,
    evening: EveningId,
) -> Result<Vec<Booking>> {
    evenings::find_for(db, school, acting.evening_visibility(), evening)?;
    list_on_behalf_of(db, evening, acting)
}

/// Appointments to be booked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewBookings {
    /// The evening.
    pub evening: EveningId,
    /// The appointments.
    pub wanted: Vec<NewBooking>,
}

/// Books appointments, all or none. The response that `view` builds is kept for retries of
/// `request`.
///
/// # Errors
/// The errors of [`create()`]; [`Error::NotFound`](crate::store::Error::NotFound) for an evening
/// that the parent may not see; [`Error::KeyReused`](crate::store::Error::KeyReused).
pub fn create_bookings<T: Serialize>(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    acting: &OnBehalfOf,
    new: &NewBookings,
    request: Option<&RequestKey>,
    view: impl Fn(&[Booking], Tz) -> T,
) -> Result<Response> {
    let evening = evenings::find_for(db, school, acting.evening_visibility(), new.evening)?;
    with_idempotency_key(db, ctx, request, |db| {
        let made = create(db, ctx, &evening, acting, &new.wanted)?;
        Response::created(&view(&made, evening.zone()))
    })
}

/// Moves an appointment to another time.
///
/// # Errors
/// The errors of [`change()`] and [`find`]; [`Error::Changed`](crate::store::Error::Changed).
pub fn change_booking(
    db: &mut Db,
    ctx: &Context,
    editor: &Editor,
    booking: BookingId,
    starts_at: DateTime<Utc>,
    expected: &ExpectedVersion<BookingDetails>,
) -> Result<BookingDetails> {
    let current = |db: &mut Db| get_booking(db, editor.school, editor.owner, booking, ctx.now);
    lock_parent(db, editor.school, editor.owner, booking)?;
    expected.check(db, LockRank::Booking, booking, current)?;
    let row = find(db, editor.school, editor.owner, booking)?.row;
    let evening = evenings::find(db, editor.school, row.evening_id.into())?;
    change(db, ctx, &evening, &editor.on_behalf_of_parent(row.parent_id.into()), &row, starts_at)?;
    current(db)
}

/// Cancels an appointment. Cancelling it again changes nothing.
///
/// # Errors
/// The errors of [`cancel`] and [`find`]; [`Error::Changed`](crate::store::Error::Changed).
pub fn cancel_booking(
    db: &mut Db,
    ctx: &Context,
    editor: &Editor,
    booking: BookingId,
    expected: &ExpectedVersion<BookingDetails>,
) -> Result<()> {
    lock_parent(db, editor.school, editor.owner, booking)?;
    expected.check(db, LockRank::Booking, booking, |db| {
        get_booking(db, editor.school, editor.owner, booking, ctx.now)
    })?;
    let row = find(db, editor.school, editor.owner, booking)?.row;
    let evening = evenings::find(db, editor.school, row.evening_id.into())?;
    cancel(db, ctx, &evening, &editor.on_behalf_of_parent(row.parent_id.into()), &row)
}
