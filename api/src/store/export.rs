//! What programs fetch of a school, page by page in the order in which it was made: nothing that stays is skipped or comes twice while rows are added.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use parlour_domain::id::{EveningId, SchoolId};
use uuid::Uuid;

use super::{
    Db, Error, Result,
    among::among,
    bookings::BookingRow,
    db::MultiBackend,
    invites::InviteRow,
    sql_types::{At, Key, at, key},
};
use crate::schema::{booking_teachers, bookings, call_events, invite_students, invites, teacher_records};

/// Which rows.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Of which evening; of all when left out.
    pub evening: Option<EveningId>,
    /// Only what changed at this time or later.
    pub since: Option<DateTime<Utc>>,
    /// After this row.
    pub after: Option<Uuid>,
    /// So many at most; one more is read.
    pub limit: i64,
}

/// A booking with what belongs to it.
#[derive(Clone, Debug)]
pub struct BookingExport {
    /// The booking.
    pub row: BookingRow,
    /// Its teachers.
    pub teachers: Vec<Key>,
    /// When it was made.
    pub created_at: At,
    /// When it last changed.
    pub changed_at: At,
}

/// A page of bookings, cancelled ones included.
///
/// # Errors
/// [`Error::BadCursor`] when `after` is no booking of the school.
pub fn bookings(db: &mut Db, school: SchoolId, wanted: Wanted) -> Result<Vec<BookingExport>> {
    let of_school = bookings::table.filter(bookings::school_id.eq(key(school)));
    let mut query = of_school.into_boxed();
    if let Some(after) = wanted.after {
        exists(of_school.filter(bookings::id.eq(Key(after))).count().get_result(db)?)?;
        query = query.filter(bookings::id.gt(Key(after)));
    }
    if let Some(evening) = wanted.evening {
        query = query.filter(bookings::evening_id.eq(key(evening)));
    }
    if let Some(since) = wanted.since {
        query = query.filter(bookings::changed_at.ge(at(since)));
    }
    let rows = query.order(bookings::id).limit(wanted.limit + 1).select(booking_columns()).load(db)?;
    with_teachers(db, rows)
}

/// These bookings, in no order.
pub(super) fn bookings_among(db: &mut Db, ids: &[Key]) -> Result<Vec<BookingExport>> {
    let rows = bookings::table.filter(among(bookings::id, ids.iter().copied())).select(booking_columns()).load(db)?;
    with_teachers(db, rows)
}

type BookingColumns = (diesel::helper_types::AsSelect<BookingRow, MultiBackend>, bookings::created_at, bookings::changed_at);

fn booking_columns() -> BookingColumns {
    (BookingRow::as_select(), bookings::created_at, bookings::changed_at)
}

fn with_teachers(db: &mut Db, rows: Vec<(BookingRow, At, At)>) -> Result<Vec<BookingExport>> {
    let mut teachers = teachers_of(db, rows.iter().map(|(row, ..)| row.id))?;
    let with = |(row, created_at, changed_at): (BookingRow, At, At)| BookingExport {
        teachers: teachers.remove(&row.id).unwrap_or_default(),
        row,
        created_at,
        changed_at,
    };
    Ok(rows.into_iter().map(with).collect())
}

/// An invite with its students.
#[derive(Clone, Debug)]
pub struct InviteExport {
    /// The invite.
    pub row: InviteRow,
    /// For whom.
    pub students: Vec<Key>,
}

impl InviteExport {
    /// When anything of it last changed.
    #[must_use]
    pub fn changed_at(&self) -> At {
        let row = &self.row;
        [Some(row.created_at), Some(row.mailed_at), row.opened_at, row.joined_at, row.ended_at].into_iter().flatten().max().unwrap_or(row.created_at)
    }
}

/// A page of invites, ended ones included.
///
/// # Errors
/// [`Error::BadCursor`] when `after` is no invite of the school.
pub fn invites(db: &mut Db, school: SchoolId, wanted: Wanted) -> Result<Vec<InviteExport>> {
    let of_school = invites::table.filter(invites::school_id.eq(key(school)));
    let mut query = of_school.select(InviteRow::as_select()).into_boxed();
    if let Some(after) = wanted.after {
        exists(of_school.filter(invites::id.eq(Key(after))).count().get_result(db)?)?;
        query = query.filter(invites::id.gt(Key(after)));
    }
    if let Some(evening) = wanted.evening {
        query = query.filter(invites::evening_id.eq(key(evening)));
    }
    if let Some(since) = wanted.since {
        let (sent, since) = (invites::created_at.ge(at(since)).or(invites::mailed_at.ge(at(since))), Some(at(since)));
        query = query.filter(
            sent.or(invites::opened_at.ge(since).assume_not_null())
                .or(invites::joined_at.ge(since).assume_not_null())
                .or(invites::ended_at.ge(since).assume_not_null()),
        );
    }
    let rows = query.order(invites::id).limit(wanted.limit + 1).load(db)?;
    with_students(db, rows)
}

/// These invites, in no order.
pub(super) fn invites_among(db: &mut Db, ids: &[Key]) -> Result<Vec<InviteExport>> {
    let rows = invites::table.filter(among(invites::id, ids.iter().copied())).select(InviteRow::as_select()).load(db)?;
    with_students(db, rows)
}

fn with_students(db: &mut Db, rows: Vec<InviteRow>) -> Result<Vec<InviteExport>> {
    let covered: Vec<(Key, Key)> = invite_students::table
        .filter(among(invite_students::invite_id, rows.iter().map(|row| row.id)))
        .order(invite_students::student_id)
        .select((invite_students::invite_id, invite_students::student_id))
        .load(db)?;
    let mut students = grouped(covered);
    Ok(rows.into_iter().map(|row| InviteExport { students: students.remove(&row.id).unwrap_or_default(), row }).collect())
}

/// Somebody who was in a call.
#[derive(Clone, Debug)]
pub struct Attended {
    /// Who.
    pub participant: Key,
    /// Their role, as it stands in the events.
    pub role: String,
    /// When they first came in.
    pub joined_at: At,
    /// When they last left; none while they are in it.
    pub left_at: Option<At>,
}

/// Who came to an appointment.
#[derive(Clone, Debug)]
pub struct Attendance {
    /// The booking.
    pub row: BookingRow,
    /// A teacher marked that nobody came.
    pub no_show: bool,
    /// Who was in the call.
    pub people: Vec<Attended>,
}

/// A page of appointments that have begun by now, with who came. With `since` those in which anything happened then or later.
///
/// # Errors
/// [`Error::BadCursor`] when `after` is no booking of the school.
pub fn attendance(db: &mut Db, school: SchoolId, wanted: Wanted, now: DateTime<Utc>) -> Result<Vec<Attendance>> {
    let of_school = bookings::table.filter(bookings::school_id.eq(key(school)));
    let mut query = of_school.filter(bookings::cancelled_at.is_null().and(bookings::starts_at.le(at(now)))).select(BookingRow::as_select()).into_boxed();
    if let Some(after) = wanted.after {
        exists(of_school.filter(bookings::id.eq(Key(after))).count().get_result(db)?)?;
        query = query.filter(bookings::id.gt(Key(after)));
    }
    if let Some(evening) = wanted.evening {
        query = query.filter(bookings::evening_id.eq(key(evening)));
    }
    if let Some(since) = wanted.since {
        let met = call_events::table.filter(call_events::at.ge(at(since))).select(call_events::booking_id);
        let marked = teacher_records::table.filter(teacher_records::changed_at.ge(at(since))).select(teacher_records::booking_id);
        query = query.filter(bookings::starts_at.ge(at(since)).or(bookings::id.eq_any(met)).or(bookings::id.eq_any(marked)));
    }
    let rows = query.order(bookings::id).limit(wanted.limit + 1).load(db)?;
    with_people(db, rows)
}

/// Who came to these appointments, in no order; cancelled ones too, in whose call somebody was before.
pub(super) fn attendance_among(db: &mut Db, ids: &[Key]) -> Result<Vec<Attendance>> {
    let rows = bookings::table.filter(among(bookings::id, ids.iter().copied())).select(BookingRow::as_select()).load(db)?;
    with_people(db, rows)
}

fn with_people(db: &mut Db, rows: Vec<BookingRow>) -> Result<Vec<Attendance>> {
    let ids = || rows.iter().map(|row| row.id);
    let marked: Vec<Key> = teacher_records::table
        .filter(among(teacher_records::booking_id, ids()))
        .filter(teacher_records::no_show.eq(true))
        .select(teacher_records::booking_id)
        .load(db)?;
    let events: Vec<(Key, Key, String, String, At)> = call_events::table
        .filter(among(call_events::booking_id, ids()))
        .order((call_events::at, call_events::id))
        .select((call_events::booking_id, call_events::participant_id, call_events::role, call_events::kind, call_events::at))
        .load(db)?;
    let mut people: BTreeMap<Key, Vec<Attended>> = BTreeMap::new();
    for (booking, participant, role, kind, at) in events {
        let of_booking = people.entry(booking).or_default();
        let known = of_booking.iter_mut().find(|one| one.participant == participant);
        match (kind.as_str(), known) {
            ("joined", None) => of_booking.push(Attended { participant, role, joined_at: at, left_at: None }),
            ("joined" | "resumed", Some(known)) => known.left_at = None,
            ("left" | "vanished" | "expired" | "put_out", Some(known)) => known.left_at = Some(at),
            _ => {}
        }
    }
    let with = |row: BookingRow| Attendance { no_show: marked.contains(&row.id), people: people.remove(&row.id).unwrap_or_default(), row };
    Ok(rows.into_iter().map(with).collect())
}

fn exists(count: i64) -> Result<()> {
    if count == 0 { Err(Error::BadCursor) } else { Ok(()) }
}

fn teachers_of(db: &mut Db, of: impl Iterator<Item = Key>) -> Result<BTreeMap<Key, Vec<Key>>> {
    let rows: Vec<(Key, Key)> = booking_teachers::table
        .filter(among(booking_teachers::booking_id, of))
        .order(booking_teachers::position)
        .select((booking_teachers::booking_id, booking_teachers::teacher_id))
        .load(db)?;
    Ok(grouped(rows))
}

fn grouped(pairs: Vec<(Key, Key)>) -> BTreeMap<Key, Vec<Key>> {
    let mut groups: BTreeMap<Key, Vec<Key>> = BTreeMap::new();
    for (of, one) in pairs {
        groups.entry(of).or_default().push(one);
    }
    groups
}
