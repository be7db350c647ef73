//! Lists and lookups of bookings, restricted to what the reader may see, with names.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use parlour_domain::id::{BookingId, EveningId, PersonId, SchoolId};

use super::{Booking, BookingRow, OnBehalfOf};
use crate::{
    schema::{booking_teachers, bookings, classes, guardianships, people},
    store::{
        Db, Error, Result, access,
        in_ids::in_ids,
        invites,
        locks::{LockRank, lock_row},
        people::PersonRow,
        sql_types::{Key, key},
    },
    with_conn,
};

/// Returns a parent's live bookings of an evening, by time. Only bookings about students for whom
/// the parent may (still) act are included.
///
/// # Errors
/// Errors of the database.
pub fn of_parent(db: &mut Db, evening: EveningId, parent: PersonId) -> Result<Vec<Booking>> {
    let rows: Vec<BookingRow> = with_conn!(db, conn => bookings::table
        .inner_join(guardianships::table.on(access::links_booking()))
        .filter(
            bookings::evening_id
                .eq(key(evening))
                .and(bookings::parent_id.eq(key(parent)))
                .and(bookings::cancelled_at.is_null())
        )
        .filter(access::may_act())
        .order((bookings::starts_at, bookings::id))
        .select(BookingRow::as_select())
        .load(conn))?;
    with_names(db, rows)
}

/// As [`of_parent`] for the parent; for staff it also includes the remaining bookings of a parent
/// who lost access.
///
/// # Errors
/// Errors of the database.
pub fn list_on_behalf_of(
    db: &mut Db,
    evening: EveningId,
    acting: &OnBehalfOf,
) -> Result<Vec<Booking>> {
    let parent = acting.parent;
    if !acting.is_staff {
        return of_parent(db, evening, parent);
    }
    let rows: Vec<BookingRow> = with_conn!(db, conn => bookings::table
        .filter(
            bookings::evening_id
                .eq(key(evening))
                .and(bookings::parent_id.eq(key(parent)))
                .and(bookings::cancelled_at.is_null())
        )
        .order((bookings::starts_at, bookings::id))
        .select(BookingRow::as_select())
        .load(conn))?;
    with_names(db, rows)
}

/// Returns a teacher's live bookings of an evening with the parents, by time.
///
/// # Errors
/// Errors of the database.
pub fn of_teacher(
    db: &mut Db,
    evening: EveningId,
    teacher: PersonId,
) -> Result<Vec<(Booking, PersonRow)>> {
    let rows: Vec<BookingRow> = bookings::table
        .inner_join(booking_teachers::table)
        .filter(
            bookings::evening_id
                .eq(key(evening))
                .and(booking_teachers::teacher_id.eq(key(teacher)))
                .and(bookings::cancelled_at.is_null()),
        )
        .order((bookings::starts_at, bookings::id))
        .select(BookingRow::as_select())
        .load(db)?;
    let parents = persons(db, rows.iter().map(|row| row.parent_id))?;
    let named = with_names(db, rows)?;
    Ok(named
        .into_iter()
        .filter_map(|booking| {
            parents.get(&booking.row.parent_id).cloned().map(|parent| (booking, parent))
        })
        .collect())
}

/// Returns one booking of the school, live or cancelled. With `parent`, only a booking of that
/// parent about a student for whom they may act.
///
/// # Errors
/// [`Error::NotFound`] for any other booking.
pub fn find(
    db: &mut Db,
    school: SchoolId,
    parent: Option<PersonId>,
    booking: BookingId,
) -> Result<Booking> {
    let row: BookingRow = bookings::table
        .filter(bookings::id.eq(key(booking)).and(bookings::school_id.eq(key(school))))
        .select(BookingRow::as_select())
        .first(db)?;
    if let Some(parent) = parent
        && (key(parent) != row.parent_id
            || !access::may_act_for(db, parent, row.student_id.into())?)
    {
        return Err(Error::NotFound);
    }
    with_names(db, vec![row])?.pop().ok_or(Error::NotFound)
}

/// Locks the row of a booking's parent. Every change locks the parent first, then the booking.
///
/// # Errors
/// The errors of [`find`].
pub fn lock_parent(
    db: &mut Db,
    school: SchoolId,
    parent: Option<PersonId>,
    booking: BookingId,
) -> Result<()> {
    let found = find(db, school, parent, booking)?;
    lock_row(db, LockRank::Person, found.row.parent_id)
}

/// Returns the students about whom a parent has live bookings in an evening, even if their classes
/// were removed since.
///
/// # Errors
/// Errors of the database.
pub fn students_booked(db: &mut Db, evening: EveningId, parent: PersonId) -> Result<Vec<Key>> {
    let live = bookings::table
        .filter(
            bookings::evening_id
                .eq(key(evening))
                .and(bookings::parent_id.eq(key(parent)))
                .and(bookings::cancelled_at.is_null()),
        )
        .select(bookings::student_id);
    Ok(live.load(db)?)
}

/// Counts a parent's live bookings of an evening about students for whom they may act. The second
/// number counts those by video.
///
/// # Errors
/// Errors of the database.
pub fn count(db: &mut Db, evening: EveningId, parent: PersonId) -> Result<(i64, i64)> {
    let video: Vec<bool> = bookings::table
        .inner_join(guardianships::table.on(access::links_booking()))
        .filter(
            bookings::evening_id
                .eq(key(evening))
                .and(bookings::parent_id.eq(key(parent)))
                .and(bookings::cancelled_at.is_null()),
        )
        .filter(access::may_act())
        .select(bookings::video)
        .load(db)?;
    let by_video = video.iter().filter(|video| **video).count();
    Ok((
        i64::try_from(video.len()).unwrap_or(i64::MAX),
        i64::try_from(by_video).unwrap_or(i64::MAX),
    ))
}

/// Adds the names of students, teachers, subjects and guests to rows.
///
/// # Errors
/// Errors of the database.
pub fn with_names(db: &mut Db, rows: Vec<BookingRow>) -> Result<Vec<Booking>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Key> = rows.iter().map(|row| row.id).collect();
    let students = persons(db, rows.iter().map(|row| row.student_id))?;
    let subjects: BTreeMap<Key, String> = {
        let class_ids: BTreeSet<Key> = rows.iter().map(|row| row.class_id).collect();
        let pairs: Vec<(Key, String)> = with_conn!(db, conn =>
            classes::table
                .filter(in_ids(classes::id, class_ids))
                .select((classes::id, classes::subject))
                .load(conn)
        )?;
        pairs.into_iter().collect()
    };
    let teachers: Vec<(Key, PersonRow)> = with_conn!(db, conn => booking_teachers::table
        .inner_join(people::table)
        .filter(in_ids(booking_teachers::booking_id, ids))
        .order((booking_teachers::booking_id, booking_teachers::position))
        .select((booking_teachers::booking_id, PersonRow::as_select()))
        .load(conn))?;
    let mut of_booking: BTreeMap<Key, Vec<PersonRow>> = BTreeMap::new();
    for (booking, teacher) in teachers {
        of_booking.entry(booking).or_default().push(teacher);
    }
    let guests = invites::guest_names(db, &rows)?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let student = students.get(&row.student_id)?.clone();
            let guests = guests
                .get(&(row.evening_id, row.parent_id, row.student_id))
                .cloned()
                .unwrap_or_default();
            Some(Booking {
                student,
                teachers: of_booking.remove(&row.id).unwrap_or_default(),
                subject: subjects.get(&row.class_id).cloned().unwrap_or_default(),
                guests,
                stranded: None,
                row,
            })
        })
        .collect())
}

fn persons(db: &mut Db, ids: impl Iterator<Item = Key>) -> Result<BTreeMap<Key, PersonRow>> {
    let ids: BTreeSet<Key> = ids.collect();
    let rows: Vec<PersonRow> = with_conn!(db, conn =>
        people::table.filter(in_ids(people::id, ids)).select(PersonRow::as_select()).load(conn)
    )?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}
