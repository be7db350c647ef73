//! Snapshots of a call for its participants, and queries for changed or lapsed calls.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use diesel::prelude::*;
use parlour_domain::{
    call::{Call, CallRole, CallState, CallTimes},
    id::{BookingId, ParticipantId},
};

use super::{
    Door,
    door::{guest_of, lateness, times},
    extend, rows,
};
use crate::{
    schema::{
        bookings as bookings_table, call_queue, call_seats, calls, evenings as evenings_table,
    },
    store::{
        Db, Result,
        bookings::{self, BookingRow},
        evenings::EveningRow,
        people,
        sql_types::{Key, at, key},
    },
};

/// The present state of a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snapshot {
    /// The version, which counts the changes.
    pub version: i32,
    /// The number of the next connection: connections with this number or a higher one are newer
    /// than the snapshot.
    pub next_connection: u32,
    /// The times, including extensions.
    pub times: CallTimes,
    /// The evening's time zone.
    pub zone: Tz,
    /// True if a minute can be added.
    pub can_extend: bool,
    /// By how many minutes the teachers say they run late.
    pub late_minutes: u32,
    /// True if the booking was cancelled, so that nobody may stay.
    pub is_cancelled: bool,
    /// All who belong to the call: teachers, parent, guest.
    pub people: Vec<Present>,
}

/// A person who belongs to a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Present {
    /// The participant's id.
    pub participant: ParticipantId,
    /// Their name.
    pub name: String,
    /// Their role.
    pub role: CallRole,
    /// Their seat or queue entry, if they have one.
    pub place: Option<PresentPlace>,
}

/// A seat or a queue entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PresentPlace {
    /// The number of the connection.
    pub connection: u32,
    /// The position in the queue, from 1; `None` for a seat.
    pub queue: Option<u32>,
    /// True if the connection is up.
    pub is_present: bool,
    /// Time when the lease ends unless it is renewed.
    pub lease_ends_at: DateTime<Utc>,
}

/// Returns the present state of a call.
///
/// # Errors
/// [`crate::store::Error::NotFound`] when the booking does not exist.
pub fn snapshot(db: &mut Db, booking: BookingId, now: DateTime<Utc>) -> Result<Snapshot> {
    let kept: Option<(i32, i32, i32)> = calls::table
        .find(key(booking))
        .select((calls::version, calls::next_connection, calls::extended_seconds))
        .first(db)
        .optional()?;
    let (version, next_connection, extended_seconds) = kept.unwrap_or((0, 1, 0));
    let row: BookingRow =
        bookings_table::table.find(key(booking)).select(BookingRow::as_select()).first(db)?;
    let evening: EveningRow =
        evenings_table::table.find(row.evening_id).select(EveningRow::as_select()).first(db)?;
    let booking_with_names =
        bookings::with_names(db, vec![row])?.pop().ok_or(crate::store::Error::NotFound)?;
    let call = rows::read(db, booking, next_connection)?;
    let door = Door {
        parent: people::find_any(db, evening.school(), booking_with_names.row.parent_id.into())?,
        guest: guest_of(db, &booking_with_names)?,
        times: times(&evening, &booking_with_names, extended_seconds)?,
        late_minutes: lateness(db, evening.id(), &booking_with_names)?,
        place: None,
        booking: booking_with_names,
        evening,
    };
    let is_cancelled = door.booking.row.cancelled_at.is_some();
    let can_extend =
        !is_cancelled && door.times.state(now) == CallState::Open && extend::is_free(db, &door)?;
    Ok(Snapshot {
        version,
        next_connection: call.next_connection(),
        times: door.times,
        zone: door.evening.zone(),
        can_extend,
        late_minutes: door.late_minutes,
        is_cancelled,
        people: people_of(&door, &call),
    })
}

/// Returns the versions of calls. Calls that nobody has entered have none.
///
/// # Errors
/// Errors of the database.
pub fn versions(db: &mut Db, bookings: &[BookingId]) -> Result<Vec<(BookingId, i32)>> {
    let keys: Vec<Key> = bookings.iter().map(|booking| key(*booking)).collect();
    let rows: Vec<(Key, i32)> = calls::table
        .filter(calls::booking_id.eq_any(keys))
        .select((calls::booking_id, calls::version))
        .load(db)?;
    Ok(rows.into_iter().map(|(booking, version)| (booking.into(), version)).collect())
}

/// Returns calls with a lease that has run out, so that calls are also settled when no node watches
/// them.
///
/// # Errors
/// Errors of the database.
pub fn lapsed(db: &mut Db, now: DateTime<Utc>, limit: i64) -> Result<Vec<BookingId>> {
    let seats: Vec<Key> = call_seats::table
        .filter(call_seats::lease_ends_at.le(at(now)))
        .select(call_seats::booking_id)
        .distinct()
        .limit(limit)
        .load(db)?;
    let queue: Vec<Key> = call_queue::table
        .filter(call_queue::lease_ends_at.le(at(now)))
        .select(call_queue::booking_id)
        .distinct()
        .limit(limit)
        .load(db)?;
    Ok(seats
        .into_iter()
        .chain(queue)
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .map(Into::into)
        .collect())
}

fn people_of(door: &Door, call: &Call) -> Vec<Present> {
    let present = |participant, name, role| Present {
        participant,
        name,
        role,
        place: place_of(call, participant),
    };
    let teachers = door.booking.teachers.iter().map(|teacher| {
        present(ParticipantId(teacher.id.0), teacher.formal_name(), CallRole::Teacher)
    });
    let parent = present(ParticipantId(door.parent.id.0), door.parent.name(), CallRole::Parent);
    let guest = door
        .guest
        .as_ref()
        .map(|invite| present(ParticipantId(invite.id.0), invite.name.clone(), CallRole::Guest));
    let mut people: Vec<Present> = teachers.collect();
    // A teacher of the class who is also the parent is listed once.
    if people.iter().all(|person| person.participant != parent.participant) {
        people.push(parent);
    }
    people.extend(guest);
    people
}

fn place_of(call: &Call, participant: ParticipantId) -> Option<PresentPlace> {
    let place = call.occupant_of(participant)?;
    let before = call.queue().iter().position(|queued| queued.occupant.participant == participant);
    let queue = before.map(|before| u32::try_from(before + 1).unwrap_or(u32::MAX));
    Some(PresentPlace {
        connection: place.connection,
        queue,
        is_present: place.is_present,
        lease_ends_at: place.lease_ends_at,
    })
}
