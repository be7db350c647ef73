//! Exports of a school's bookings, invites and attendance for API clients, paged in order of
//! creation. Rows that are added while a client pages cause no gaps and no duplicates.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use parlour_domain::{
    booking::Stranded,
    id::{EveningId, SchoolId},
};
use uuid::Uuid;

use super::{
    Db, Error, Result,
    bookings::{BookingRow, stranded},
    db::MultiBackend,
    in_ids::in_ids,
    invites::InviteRow,
    sql_types::{At, Key, at, key},
};
use crate::schema::{
    booking_teachers, bookings, call_events, classes, evenings, invite_students, invites, people,
    teacher_records,
};

/// Number of bookings that are checked for strandedness at a time.
const BATCH_SIZE: i64 = 500;

/// The filter and page of an export.
#[derive(Clone, Copy, Debug)]
pub struct ExportFilter {
    /// Only the row with this id.
    pub only: Option<Uuid>,
    /// Only rows of this evening; of all evenings if `None`.
    pub evening: Option<EveningId>,
    /// Only rows that changed at this time or later.
    pub since: Option<DateTime<Utc>>,
    /// Only stranded bookings.
    pub only_stranded: bool,
    /// The cursor: the page begins after this row.
    pub after: Option<Uuid>,
    /// The page size; one more row is read, which shows that there is a next page.
    pub limit: i64,
}

/// The roster's ids of people and classes, by our ids.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct SourcedIds(Arc<BTreeMap<Key, String>>);

impl SourcedIds {
    /// The roster's id of one; empty if it was not read.
    #[must_use]
    pub fn of(&self, id: Key) -> String {
        self.0.get(&id).cloned().unwrap_or_default()
    }

    fn read(
        db: &mut Db,
        people: impl IntoIterator<Item = Key>,
        classes: impl IntoIterator<Item = Key>,
    ) -> Result<Self> {
        let (people, classes): (BTreeSet<Key>, BTreeSet<Key>) =
            (people.into_iter().collect(), classes.into_iter().collect());
        let mut all: BTreeMap<Key, String> = people::table
            .filter(in_ids(people::id, people))
            .select((people::id, people::sourced_id))
            .load(db)?
            .into_iter()
            .collect();
        let of_classes: Vec<(Key, String)> = classes::table
            .filter(in_ids(classes::id, classes))
            .select((classes::id, classes::sourced_id))
            .load(db)?;
        all.extend(of_classes);
        Ok(Self(Arc::new(all)))
    }
}

/// A booking with its teachers and roster ids.
#[derive(Clone, Debug)]
pub struct BookingExport {
    /// The booking.
    pub row: BookingRow,
    /// Its teachers.
    pub teachers: Vec<Key>,
    /// The roster's ids of the student, the parent, the teachers and the class.
    pub sourced: SourcedIds,
    /// Time when it was made.
    pub created_at: At,
    /// Time when it last changed.
    pub changed_at: At,
    /// Why it is stranded now; `None` if it is not or was not checked.
    pub stranded: Option<Stranded>,
}

/// Returns a page of bookings, cancelled ones included, each with the reason if it is stranded now.
///
/// # Errors
/// [`Error::BadCursor`] when `after` is no booking of the school.
pub fn bookings(
    db: &mut Db,
    school: SchoolId,
    wanted: ExportFilter,
    now: DateTime<Utc>,
) -> Result<Vec<BookingExport>> {
    if wanted.only_stranded {
        return only_stranded(db, school, wanted, now);
    }
    let rows = changed_since(page_of_bookings(db, school, wanted)?, wanted)
        .select(booking_columns())
        .load(db)?;
    let why = why_stranded(db, now, &rows)?;
    with_reasons(db, rows, &why)
}

/// Reads the live bookings of coming evenings in batches until the page is full. The domain decides
/// which ones are stranded, so SQL can't filter them; they are few.
fn only_stranded(
    db: &mut Db,
    school: SchoolId,
    wanted: ExportFilter,
    now: DateTime<Utc>,
) -> Result<Vec<BookingExport>> {
    let room = usize::try_from(wanted.limit + 1).unwrap_or_default();
    let (mut found, mut reasons) = (Vec::new(), BTreeMap::new());
    let mut look = ExportFilter { limit: BATCH_SIZE, ..wanted };
    loop {
        let to_come = evenings::table
            .filter(evenings::school_id.eq(key(school)).and(evenings::ends_at.gt(at(now))))
            .select(evenings::id);
        let live = page_of_bookings(db, school, look)?
            .filter(bookings::cancelled_at.is_null().and(bookings::evening_id.eq_any(to_come)));
        let live = live.filter(bookings::ends_at.gt(at(now)));
        let rows: Vec<(BookingRow, At, At)> =
            changed_since(live, wanted).select(booking_columns()).load(db)?;
        let more = i64::try_from(rows.len()).is_ok_and(|count| count > BATCH_SIZE);
        look.after = rows.last().map(|(row, ..)| row.id.0);
        let why = why_stranded(db, now, &rows)?;
        found.extend(rows.into_iter().filter(|(row, ..)| why.contains_key(&row.id)));
        reasons.extend(why);
        if found.len() >= room || !more {
            found.truncate(room);
            return with_reasons(db, found, &reasons);
        }
    }
}

fn changed_since(
    query: bookings::BoxedQuery<'_, MultiBackend>,
    wanted: ExportFilter,
) -> bookings::BoxedQuery<'_, MultiBackend> {
    match wanted.since {
        Some(since) => query.filter(bookings::changed_at.ge(at(since))),
        None => query,
    }
}

fn why_stranded(
    db: &mut Db,
    now: DateTime<Utc>,
    rows: &[(BookingRow, At, At)],
) -> Result<BTreeMap<Key, Stranded>> {
    stranded(db, now, &rows.iter().map(|(row, ..)| row.id).collect::<Vec<_>>())
}

fn with_reasons(
    db: &mut Db,
    rows: Vec<(BookingRow, At, At)>,
    why: &BTreeMap<Key, Stranded>,
) -> Result<Vec<BookingExport>> {
    let mut page = with_teachers(db, rows)?;
    page.iter_mut().for_each(|one| one.stranded = why.get(&one.row.id).copied());
    Ok(page)
}

/// The query of a page of the school's bookings, before its columns are chosen.
fn page_of_bookings<'a>(
    db: &mut Db,
    school: SchoolId,
    wanted: ExportFilter,
) -> Result<bookings::BoxedQuery<'a, MultiBackend>> {
    let of_school = bookings::table.filter(bookings::school_id.eq(key(school)));
    let mut query = of_school.into_boxed();
    if let Some(after) = wanted.after {
        exists(of_school.filter(bookings::id.eq(Key(after))).count().get_result(db)?)?;
        query = query.filter(bookings::id.gt(Key(after)));
    }
    if let Some(only) = wanted.only {
        query = query.filter(bookings::id.eq(Key(only)));
    }
    if let Some(evening) = wanted.evening {
        query = query.filter(bookings::evening_id.eq(key(evening)));
    }
    Ok(query.order(bookings::id).limit(wanted.limit + 1))
}

/// Returns these bookings in no particular order.
pub(super) fn bookings_by_ids(db: &mut Db, ids: &[Key]) -> Result<Vec<BookingExport>> {
    let rows = bookings::table
        .filter(in_ids(bookings::id, ids.iter().copied()))
        .select(booking_columns())
        .load(db)?;
    with_teachers(db, rows)
}

type BookingColumns = (
    diesel::helper_types::AsSelect<BookingRow, MultiBackend>,
    bookings::created_at,
    bookings::changed_at,
);

fn booking_columns() -> BookingColumns {
    (BookingRow::as_select(), bookings::created_at, bookings::changed_at)
}

fn with_teachers(db: &mut Db, rows: Vec<(BookingRow, At, At)>) -> Result<Vec<BookingExport>> {
    let mut teachers = teachers_of(db, rows.iter().map(|(row, ..)| row.id))?;
    let people = rows
        .iter()
        .flat_map(|(row, ..)| [row.student_id, row.parent_id])
        .chain(teachers.values().flatten().copied());
    let sourced = SourcedIds::read(
        db,
        people.collect::<Vec<_>>(),
        rows.iter().map(|(row, ..)| row.class_id),
    )?;
    let with = |(row, created_at, changed_at): (BookingRow, At, At)| BookingExport {
        teachers: teachers.remove(&row.id).unwrap_or_default(),
        sourced: sourced.clone(),
        row,
        created_at,
        changed_at,
        stranded: None,
    };
    Ok(rows.into_iter().map(with).collect())
}

/// An invite with its students.
#[derive(Clone, Debug)]
pub struct InviteExport {
    /// The invite.
    pub row: InviteRow,
    /// The students whom it covers.
    pub students: Vec<Key>,
    /// The roster's ids of the parent and the students.
    pub sourced: SourcedIds,
}

impl InviteExport {
    /// The time of the latest change.
    #[must_use]
    pub fn changed_at(&self) -> At {
        let row = &self.row;
        [Some(row.created_at), Some(row.mailed_at), row.opened_at, row.joined_at, row.ended_at]
            .into_iter()
            .flatten()
            .max()
            .unwrap_or(row.created_at)
    }
}

/// Returns a page of invites, ended ones included.
///
/// # Errors
/// [`Error::BadCursor`] when `after` is no invite of the school.
pub fn invites(db: &mut Db, school: SchoolId, wanted: ExportFilter) -> Result<Vec<InviteExport>> {
    let of_school = invites::table.filter(invites::school_id.eq(key(school)));
    let mut query = of_school.select(InviteRow::as_select()).into_boxed();
    if let Some(after) = wanted.after {
        exists(of_school.filter(invites::id.eq(Key(after))).count().get_result(db)?)?;
        query = query.filter(invites::id.gt(Key(after)));
    }
    if let Some(only) = wanted.only {
        query = query.filter(invites::id.eq(Key(only)));
    }
    if let Some(evening) = wanted.evening {
        query = query.filter(invites::evening_id.eq(key(evening)));
    }
    if let Some(since) = wanted.since {
        let (sent, since) = (
            invites::created_at.ge(at(since)).or(invites::mailed_at.ge(at(since))),
            Some(at(since)),
        );
        query = query.filter(
            sent.or(invites::opened_at.ge(since).assume_not_null())
                .or(invites::joined_at.ge(since).assume_not_null())
                .or(invites::ended_at.ge(since).assume_not_null()),
        );
    }
    let rows = query.order(invites::id).limit(wanted.limit + 1).load(db)?;
    with_students(db, rows)
}

/// Returns these invites in no particular order.
pub(super) fn invites_by_ids(db: &mut Db, ids: &[Key]) -> Result<Vec<InviteExport>> {
    let rows = invites::table
        .filter(in_ids(invites::id, ids.iter().copied()))
        .select(InviteRow::as_select())
        .load(db)?;
    with_students(db, rows)
}

fn with_students(db: &mut Db, rows: Vec<InviteRow>) -> Result<Vec<InviteExport>> {
    let covered: Vec<(Key, Key)> = invite_students::table
        .filter(in_ids(invite_students::invite_id, rows.iter().map(|row| row.id)))
        .order(invite_students::student_id)
        .select((invite_students::invite_id, invite_students::student_id))
        .load(db)?;
    let people =
        rows.iter().map(|row| row.parent_id).chain(covered.iter().map(|(_, student)| *student));
    let sourced = SourcedIds::read(db, people.collect::<Vec<_>>(), [])?;
    let mut students = grouped(covered);
    let with = |row: InviteRow| InviteExport {
        students: students.remove(&row.id).unwrap_or_default(),
        sourced: sourced.clone(),
        row,
    };
    Ok(rows.into_iter().map(with).collect())
}

/// A participant of a call.
#[derive(Clone, Debug)]
pub struct CallAttendee {
    /// The participant's id.
    pub participant: Key,
    /// The person's id in the roster; `None` for a guest.
    pub sourced_id: Option<String>,
    /// The role, as the call events record it.
    pub role: String,
    /// Time when they first entered.
    pub joined_at: At,
    /// Time when they last left; `None` while they are in the call.
    pub left_at: Option<At>,
}

/// The attendance at an appointment.
#[derive(Clone, Debug)]
pub struct Attendance {
    /// The booking.
    pub row: BookingRow,
    /// True if a teacher marked that nobody came.
    pub no_show: bool,
    /// The participants of the call.
    pub people: Vec<CallAttendee>,
}

/// Returns a page of appointments that have begun, with their attendance. With `since`, only those
/// that began, had a call event or were marked at that time or later.
///
/// # Errors
/// [`Error::BadCursor`] when `after` is no booking of the school.
pub fn attendance(
    db: &mut Db,
    school: SchoolId,
    wanted: ExportFilter,
    now: DateTime<Utc>,
) -> Result<Vec<Attendance>> {
    let begun = bookings::cancelled_at.is_null().and(bookings::starts_at.le(at(now)));
    let mut query = page_of_bookings(db, school, wanted)?.filter(begun);
    if let Some(since) = wanted.since {
        let met = call_events::table
            .filter(call_events::at.ge(at(since)))
            .select(call_events::booking_id);
        let marked = teacher_records::table
            .filter(teacher_records::changed_at.ge(at(since)))
            .select(teacher_records::booking_id);
        query = query.filter(
            bookings::starts_at
                .ge(at(since))
                .or(bookings::id.eq_any(met))
                .or(bookings::id.eq_any(marked)),
        );
    }
    let rows = query.select(BookingRow::as_select()).load(db)?;
    with_people(db, rows)
}

/// Returns the attendance of these appointments in no particular order. Cancelled ones are
/// included, because somebody may have been in their call before.
pub(super) fn attendance_by_ids(db: &mut Db, ids: &[Key]) -> Result<Vec<Attendance>> {
    let rows = bookings::table
        .filter(in_ids(bookings::id, ids.iter().copied()))
        .select(BookingRow::as_select())
        .load(db)?;
    with_people(db, rows)
}

fn with_people(db: &mut Db, rows: Vec<BookingRow>) -> Result<Vec<Attendance>> {
    let ids = || rows.iter().map(|row| row.id);
    let marked: Vec<Key> = teacher_records::table
        .filter(in_ids(teacher_records::booking_id, ids()))
        .filter(teacher_records::no_show.eq(true))
        .select(teacher_records::booking_id)
        .load(db)?;
    let events: Vec<(Key, Key, String, String, At)> = call_events::table
        .filter(in_ids(call_events::booking_id, ids()))
        .order((call_events::at, call_events::id))
        .select((
            call_events::booking_id,
            call_events::participant_id,
            call_events::role,
            call_events::kind,
            call_events::at,
        ))
        .load(db)?;
    let sourced = SourcedIds::read(
        db,
        events
            .iter()
            .filter(|(_, _, role, ..)| role != "guest")
            .map(|(_, participant, ..)| *participant),
        [],
    )?;
    let mut people: BTreeMap<Key, Vec<CallAttendee>> = BTreeMap::new();
    for (booking, participant, role, kind, at) in events {
        let of_booking = people.entry(booking).or_default();
        let known = of_booking.iter_mut().find(|one| one.participant == participant);
        match (kind.as_str(), known) {
            ("joined", None) => {
                let sourced_id = Some(sourced.of(participant)).filter(|id| !id.is_empty());
                of_booking.push(CallAttendee {
                    participant,
                    sourced_id,
                    role,
                    joined_at: at,
                    left_at: None,
                });
            }
            ("joined" | "resumed", Some(known)) => known.left_at = None,
            ("left" | "vanished" | "expired" | "put_out", Some(known)) => known.left_at = Some(at),
            _ => {}
        }
    }
    let with = |row: BookingRow| Attendance {
        no_show: marked.contains(&row.id),
        people: people.remove(&row.id).unwrap_or_default(),
        row,
    };
    Ok(rows.into_iter().map(with).collect())
}

fn exists(count: i64) -> Result<()> {
    if count == 0 { Err(Error::BadCursor) } else { Ok(()) }
}

fn teachers_of(db: &mut Db, of: impl Iterator<Item = Key>) -> Result<BTreeMap<Key, Vec<Key>>> {
    let rows: Vec<(Key, Key)> = booking_teachers::table
        .filter(in_ids(booking_teachers::booking_id, of))
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
