//! Eviction from calls: in the transaction that ends what a seat depends on (I7, I9 and I13), and
//! at the end of the talk.

use std::collections::BTreeSet;

use diesel::prelude::*;
use parlour_domain::{
    call::{Call, CallState, Occupant},
    id::{BookingId, ParticipantId},
};

use super::{
    door::times,
    rows::{CallRow, LockedCall},
};
use crate::{
    context::Context,
    schema::{call_events, call_queue, call_seats, calls},
    store::{
        Db, Result, bookings, evenings,
        locks::{LockRank, lock_row},
        sql_types::{Key, key},
    },
};

/// The seats and queue entries to be ended.
#[derive(Clone, Copy, Debug)]
pub enum EvictionTarget<'a> {
    /// Those of these sessions.
    Sessions(&'a [Key]),
    /// Those of these people or, by their invite, guests.
    Participants(&'a [Key]),
}

/// Evicts people from every call that they are in, and seats those who wait. Call it after the
/// booking, invite or session that their seat depends on has ended.
///
/// # Errors
/// Errors of the database.
pub fn evict(db: &mut Db, ctx: &Context, whose: EvictionTarget<'_>, reason: &str) -> Result<()> {
    let concerned = |place: &Occupant| match whose {
        EvictionTarget::Sessions(sessions) => sessions.contains(&key(place.session)),
        EvictionTarget::Participants(participants) => {
            participants.contains(&key(place.participant))
        }
    };
    for booking in calls_of(db, whose)? {
        let Some(mut locked) = LockedCall::lock(db, booking.into())? else { continue };
        let out: Vec<_> = places(&locked.call)
            .filter(|place| concerned(place))
            .map(|place| place.participant)
            .collect();
        let events = locked.call.evict(&out, ctx.now);
        locked.save(db, ctx, &events, Some(reason))?;
    }
    Ok(())
}

/// Closes the calls of these bookings and evicts these participants from all other calls. It locks
/// the calls by ascending id before it changes the first one. Call it after everything else has
/// ended.
///
/// # Errors
/// Errors of the database.
pub fn close_and_put_out(
    db: &mut Db,
    ctx: &Context,
    bookings: &BTreeSet<Key>,
    participants: &[Key],
    reason: &str,
) -> Result<()> {
    let mut concerned = calls_of(db, EvictionTarget::Participants(participants))?;
    concerned.extend(bookings);
    for call in concerned {
        lock_row(db, LockRank::Call, call)?;
    }
    for booking in bookings {
        close(db, ctx, (*booking).into(), reason)?;
    }
    evict(db, ctx, EvictionTarget::Participants(participants), reason)
}

/// Evicts everybody from a call whose booking was cancelled or moved, and resets its extension.
///
/// # Errors
/// Errors of the database.
pub fn close(db: &mut Db, ctx: &Context, booking: BookingId, reason: &str) -> Result<()> {
    let Some(mut locked) = LockedCall::lock(db, booking)? else { return Ok(()) };
    let events = locked.call.close();
    locked.save(db, ctx, &events, Some(reason))?;
    let changed = (calls::extended_seconds.eq(0), calls::version.eq(calls::version + 1));
    diesel::update(calls::table.find(key(booking))).set(changed).execute(db)?;
    Ok(())
}

/// Applies the passing of time to a call: at its end everybody is evicted, before it only those
/// whose lease has run out.
///
/// # Errors
/// Errors of the database.
pub fn settle(db: &mut Db, ctx: &Context, booking: BookingId) -> Result<()> {
    let Some(mut locked) = LockedCall::lock(db, booking)? else { return Ok(()) };
    let is_over = is_over(db, ctx, &locked.row)?;
    let events = if is_over { locked.call.close() } else { locked.call.expire(ctx.now) };
    locked.save(db, ctx, &events, Some("call_over"))
}

/// Returns why a person was last evicted from a call; `None` if they never were.
///
/// # Errors
/// Errors of the database.
pub fn eviction_reason(
    db: &mut Db,
    booking: BookingId,
    participant: ParticipantId,
) -> Result<Option<String>> {
    let newest: Option<Option<String>> = call_events::table
        .filter(
            call_events::booking_id
                .eq(key(booking))
                .and(call_events::participant_id.eq(key(participant)))
                .and(call_events::kind.eq("put_out")),
        )
        .order((call_events::at.desc(), call_events::id.desc()))
        .select(call_events::detail)
        .first(db)
        .optional()?;
    Ok(newest.flatten())
}

fn is_over(db: &mut Db, ctx: &Context, row: &CallRow) -> Result<bool> {
    let booking = bookings::find(db, row.school_id.into(), None, row.booking_id.into())?;
    let evening = evenings::find(db, row.school_id.into(), booking.row.evening_id.into())?;
    Ok(times(&evening, &booking, row.extended_seconds)?.state(ctx.now) == CallState::Over)
}

/// Returns the calls in which the target has seats or queue entries, by ascending id, which is the
/// order of locking.
fn calls_of(db: &mut Db, whose: EvictionTarget<'_>) -> Result<BTreeSet<Key>> {
    let (seats, queue): (Vec<Key>, Vec<Key>) = match whose {
        EvictionTarget::Sessions(sessions) => (
            call_seats::table
                .filter(call_seats::session_id.eq_any(sessions.to_vec()))
                .select(call_seats::booking_id)
                .load(db)?,
            call_queue::table
                .filter(call_queue::session_id.eq_any(sessions.to_vec()))
                .select(call_queue::booking_id)
                .load(db)?,
        ),
        EvictionTarget::Participants(participants) => (
            call_seats::table
                .filter(call_seats::participant_id.eq_any(participants.to_vec()))
                .select(call_seats::booking_id)
                .load(db)?,
            call_queue::table
                .filter(call_queue::participant_id.eq_any(participants.to_vec()))
                .select(call_queue::booking_id)
                .load(db)?,
        ),
    };
    Ok(seats.into_iter().chain(queue).collect())
}

fn places(call: &Call) -> impl Iterator<Item = &Occupant> {
    call.seats()
        .iter()
        .map(|seat| &seat.occupant)
        .chain(call.queue().iter().map(|queued| &queued.occupant))
}
