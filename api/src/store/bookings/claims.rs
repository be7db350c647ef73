//! Who is where in which minute: one row per person and minute, so that nobody is in two places at
//! once.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use diesel::prelude::*;
use parlour_domain::{
    Refusal,
    booking::claimed_minutes,
    id::{BookingId, PersonId},
};

use super::{Lost, NewBooking};
use crate::{
    each,
    schema::{booking_teachers, bookings, claims},
    store::{
        Db, Error, Result,
        among::among,
        evenings::EveningRow,
        people::PersonRow,
        slots::OfferedClass,
        sql_types::{Key, key},
    },
};

#[derive(Insertable)]
#[diesel(table_name = claims)]
pub(super) struct Claim {
    person_id: Key,
    minute: i32,
    booking_id: Key,
}

#[derive(Insertable)]
#[diesel(table_name = booking_teachers)]
struct TeacherOf {
    booking_id: Key,
    teacher_id: Key,
    position: i32,
}

/// A parent's own appointments that stand in the way of nothing.
#[derive(Default)]
pub(super) struct Aside {
    /// The one that is being moved.
    pub moving: Option<Key>,
    /// Those that have begun: of another one of the same class.
    pub begun: BTreeSet<Key>,
}

/// Which of the wanted appointments can't be had. What another parent of the student holds looks
/// exactly like a busy teacher.
pub(super) fn lost(
    db: &mut Db,
    evening: &EveningRow,
    parent: PersonId,
    wanted: &[(NewBooking, &OfferedClass)],
    length: TimeDelta,
    aside: &Aside,
) -> Result<Vec<Lost>> {
    let mut concerned = BTreeSet::from([key(parent)]);
    let mut minutes = BTreeSet::new();
    for (booking, class) in wanted {
        concerned.insert(key(booking.student));
        concerned.extend(class.teachers.iter().map(|teacher| teacher.id));
        minutes.extend(claimed_minutes(booking.starts_at, length));
    }
    // Minutes in between that nobody wants do no harm.
    let (first, last) =
        (minutes.first().copied().unwrap_or_default(), minutes.last().copied().unwrap_or_default());
    let rows: Vec<(Key, i32, Key)> = each!(db, conn => claims::table
        .filter(among(claims::person_id, concerned).and(claims::minute.between(first, last)))
        .select((claims::person_id, claims::minute, claims::booking_id))
        .load(conn))?;
    let mut claimed: BTreeSet<(Key, i32)> = rows
        .into_iter()
        .filter(|(.., booking)| Some(*booking) != aside.moving)
        .map(|(person, minute, _)| (person, minute))
        .collect();
    let booked: Vec<(Key, Key, Key)> = each!(db, conn => bookings::table
        .filter(
            bookings::evening_id
                .eq(evening.id)
                .and(bookings::parent_id.eq(key(parent)))
                .and(bookings::cancelled_at.is_null())
        )
        .filter(bookings::repeated_at.is_null())
        .select((bookings::id, bookings::student_id, bookings::class_id))
        .load(conn))?;
    let mut booked: BTreeSet<(Key, Key)> = booked
        .into_iter()
        .filter(|(id, ..)| Some(*id) != aside.moving && !aside.begun.contains(id))
        .map(|(_, student, class)| (student, class))
        .collect();
    let mut lost = Vec::new();
    for (booking, class) in wanted {
        let is_claimed = |person: Key| {
            claimed_minutes(booking.starts_at, length)
                .any(|minute| claimed.contains(&(person, minute)))
        };
        let refusal = if booked.contains(&(key(booking.student), key(class.id))) {
            Some(Refusal::AlreadyBooked)
        } else if is_claimed(key(parent)) {
            Some(Refusal::PersonBusy)
        } else if is_claimed(key(booking.student))
            || class.teachers.iter().any(|teacher| is_claimed(teacher.id))
        {
            Some(Refusal::SlotTaken)
        } else {
            None
        };
        match refusal {
            Some(refusal) => lost.push(Lost { booking: *booking, refusal }),
            None => {
                // The ones taken so far stand in the way of the rest of the same request.
                booked.insert((key(booking.student), key(class.id)));
                let persons = class
                    .teachers
                    .iter()
                    .map(|teacher| teacher.id)
                    .chain([key(parent), key(booking.student)]);
                claimed.extend(persons.flat_map(|person| {
                    claimed_minutes(booking.starts_at, length).map(move |minute| (person, minute))
                }));
            }
        }
    }
    Ok(lost)
}

pub(super) fn claims_of(
    id: BookingId,
    parent: PersonId,
    booking: NewBooking,
    class: &OfferedClass,
    length: TimeDelta,
) -> Vec<Claim> {
    // A teacher who is the parent, too, is one person in one place.
    let persons: BTreeSet<Key> = class
        .teachers
        .iter()
        .map(|teacher| teacher.id)
        .chain([key(parent), key(booking.student)])
        .collect();
    let rows = persons.into_iter().flat_map(|person| {
        claimed_minutes(booking.starts_at, length).map(move |minute| Claim {
            person_id: person,
            minute,
            booking_id: key(id),
        })
    });
    rows.collect()
}

/// Claims people's minutes, in one order for everybody so that two transactions can't wait for each
/// other. PostgreSQL takes all rows in one trip; on SQLite, where there is no trip, diesel would
/// put a savepoint round them.
pub(super) fn insert_claims(db: &mut Db, mut rows: Vec<Claim>) -> Result<()> {
    rows.sort_by_key(|claim| (claim.person_id, claim.minute));
    match db {
        Db::Pg(conn) => diesel::insert_into(claims::table).values(&rows).execute(conn).map(drop),
        Db::Sqlite(conn) => rows.iter().try_for_each(|row| {
            diesel::insert_into(claims::table).values(row).execute(conn).map(drop)
        }),
    }
    .map_err(Error::raced)
}

pub(super) fn set_teachers(db: &mut Db, booking: Key, teachers: &[PersonRow]) -> Result<()> {
    diesel::delete(booking_teachers::table.filter(booking_teachers::booking_id.eq(booking)))
        .execute(db)?;
    insert_teachers(db, booking, teachers)
}

/// Of a booking that has none yet.
pub(super) fn insert_teachers(db: &mut Db, booking: Key, teachers: &[PersonRow]) -> Result<()> {
    for (position, teacher) in (0..).zip(teachers) {
        let row = TeacherOf { booking_id: booking, teacher_id: teacher.id, position };
        each!(db, conn => diesel::insert_into(booking_teachers::table).values(&row).execute(conn))?;
    }
    Ok(())
}
