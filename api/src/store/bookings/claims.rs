//! Claims: one row per person and minute of a booking, so that nobody is in two places at once
//! (E1).

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use parlour_domain::{
    booking::{self, NewBooking, claimed_minutes},
    id::{BookingId, PersonId},
};

use crate::{
    schema::{booking_teachers, claims},
    store::{
        Db, Error, Result,
        in_ids::in_ids,
        people::PersonRow,
        slots::OfferedClass,
        sql_types::{Key, key},
    },
    with_conn,
};

#[derive(Insertable)]
#[diesel(table_name = claims)]
pub(super) struct ClaimRow {
    person_id: Key,
    minute: i32,
    booking_id: Key,
}

#[derive(Insertable)]
#[diesel(table_name = booking_teachers)]
struct BookingTeacherRow {
    booking_id: Key,
    teacher_id: Key,
    position: i32,
}

/// Returns the claims on these people from the first to the last minute of these appointments,
/// without the claims of the booking that is being moved.
pub(super) fn claims_on(
    db: &mut Db,
    persons: BTreeSet<Key>,
    starts: impl Iterator<Item = DateTime<Utc>>,
    length: TimeDelta,
    moving: Option<Key>,
) -> Result<BTreeSet<booking::Claim>> {
    let minutes: BTreeSet<i32> = starts.flat_map(|at| claimed_minutes(at, length)).collect();
    let (Some(first), Some(last)) = (minutes.first(), minutes.last()) else {
        return Ok(BTreeSet::new());
    };
    let rows: Vec<(Key, i32, Key)> = with_conn!(db, conn => claims::table
        .filter(in_ids(claims::person_id, persons).and(claims::minute.between(*first, *last)))
        .select((claims::person_id, claims::minute, claims::booking_id))
        .load(conn))?;
    Ok(rows
        .into_iter()
        .filter(|(.., booking)| Some(*booking) != moving)
        .map(|(person, minute, _)| (person.into(), minute))
        .collect())
}

pub(super) fn claims_of(
    id: BookingId,
    parent: PersonId,
    booking: NewBooking,
    class: &OfferedClass,
    length: TimeDelta,
) -> Vec<ClaimRow> {
    // A teacher who is also the parent is one person and claims each minute once.
    let persons: BTreeSet<Key> = class
        .teachers
        .iter()
        .map(|teacher| teacher.id)
        .chain([key(parent), key(booking.student)])
        .collect();
    let rows = persons.into_iter().flat_map(|person| {
        claimed_minutes(booking.starts_at, length).map(move |minute| ClaimRow {
            person_id: person,
            minute,
            booking_id: key(id),
        })
    });
    rows.collect()
}

/// Inserts claims in one order for all transactions, so that two transactions can't deadlock.
/// PostgreSQL takes all rows in one round trip. SQLite has no round trips, and diesel would wrap a
/// multi-row insert in a savepoint, so there the rows are inserted one by one.
pub(super) fn insert_claims(db: &mut Db, mut rows: Vec<ClaimRow>) -> Result<()> {
    rows.sort_by_key(|claim| (claim.person_id, claim.minute));
    match db {
        Db::Pg(conn) => diesel::insert_into(claims::table).values(&rows).execute(conn).map(drop),
        Db::Sqlite(conn) => rows.iter().try_for_each(|row| {
            diesel::insert_into(claims::table).values(row).execute(conn).map(drop)
        }),
    }
    .map_err(Error::on_unique_violation)
}

pub(super) fn set_teachers(db: &mut Db, booking: Key, teachers: &[PersonRow]) -> Result<()> {
    diesel::delete(booking_teachers::table.filter(booking_teachers::booking_id.eq(booking)))
        .execute(db)?;
    insert_teachers(db, booking, teachers)
}

/// Inserts the teachers of a booking that has none yet.
pub(super) fn insert_teachers(db: &mut Db, booking: Key, teachers: &[PersonRow]) -> Result<()> {
    for (position, teacher) in (0..).zip(teachers) {
        let row = BookingTeacherRow { booking_id: booking, teacher_id: teacher.id, position };
        with_conn!(db, conn =>
            diesel::insert_into(booking_teachers::table).values(&row).execute(conn)
        )?;
    }
    Ok(())
}
