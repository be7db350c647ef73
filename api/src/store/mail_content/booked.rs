//! Appointments as mails and calendars show them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use parlour_domain::id::{BookingId, EveningId, PersonId};

use crate::{
    calendar::Appointment,
    mail_text::{clean, full_name, list},
    schema::{booking_teachers, bookings, classes, people},
    store::{
        Db, Error, Result, db,
        in_ids::in_ids,
        sql_types::{At, Key, at, key},
    },
};

/// A booking as mails show it.
#[derive(Clone, Debug)]
pub struct BookedAppointment {
    /// The details that are shown.
    pub appointment: Appointment,
    /// The parent who booked.
    pub parent: PersonId,
    /// The student whom it is about.
    pub student: PersonId,
    /// The evening.
    pub evening: EveningId,
    /// Time when it was cancelled.
    pub cancelled_at: Option<DateTime<Utc>>,
    /// Time when it was made, moved or cancelled last.
    pub changed_at: DateTime<Utc>,
}

/// Loads all bookings of a parent on an evening, cancelled ones too, ordered by time.
///
/// # Errors
/// Errors of the database.
pub fn bookings_of(
    db: &mut Db,
    evening: EveningId,
    parent: PersonId,
) -> Result<Vec<BookedAppointment>> {
    booked(db, |query| {
        query.filter(bookings::evening_id.eq(key(evening)).and(bookings::parent_id.eq(key(parent))))
    })
}

/// Loads a parent's bookings, on any evening, that were cancelled at `since` or later and whose
/// time is not over at `now`.
///
/// # Errors
/// Errors of the database.
pub fn ended_since(
    db: &mut Db,
    parent: PersonId,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Vec<BookedAppointment>> {
    let ended = |query: BookingQuery| {
        query.filter(
            bookings::parent_id
                .eq(key(parent))
                .and(bookings::cancelled_at.ge(at(since)))
                .and(bookings::ends_at.gt(at(now))),
        )
    };
    booked(db, ended)
}

/// Loads one booking.
///
/// # Errors
/// Fails if the database fails, or there is no such booking.
pub fn booking(db: &mut Db, id: BookingId) -> Result<BookedAppointment> {
    booked(db, |query| query.filter(bookings::id.eq(key(id))))?.pop().ok_or(Error::NotFound)
}

type BookingQuery = diesel::helper_types::IntoBoxed<
    'static,
    diesel::helper_types::InnerJoinOn<
        diesel::helper_types::InnerJoinOn<
            bookings::table,
            classes::table,
            diesel::helper_types::Eq<classes::id, bookings::class_id>,
        >,
        people::table,
        diesel::helper_types::Eq<people::id, bookings::student_id>,
    >,
    db::MultiBackend,
>;

type BookingColumns =
    (Key, Key, Key, Key, i32, At, At, bool, (Option<At>, At), String, (String, String));

fn booked(
    db: &mut Db,
    narrow: impl FnOnce(BookingQuery) -> BookingQuery,
) -> Result<Vec<BookedAppointment>> {
    let all = bookings::table
        .inner_join(classes::table.on(classes::id.eq(bookings::class_id)))
        .inner_join(people::table.on(people::id.eq(bookings::student_id)))
        .into_boxed();
    let rows: Vec<BookingColumns> = narrow(all)
        .order((bookings::starts_at, bookings::id))
        .select((
            bookings::id,
            bookings::parent_id,
            bookings::student_id,
            bookings::evening_id,
            bookings::sequence,
            bookings::starts_at,
            bookings::ends_at,
            bookings::video,
            (bookings::cancelled_at, bookings::changed_at),
            classes::subject,
            (people::given_name, people::family_name),
        ))
        .load(db)?;
    let mut teachers = teachers(db, rows.iter().map(|row| row.0).collect())?;
    let booked = |(
        id,
        parent,
        student,
        evening,
        sequence,
        starts_at,
        ends_at,
        video,
        (cancelled_at, changed_at),
        subject,
        (given, family),
    ): BookingColumns| BookedAppointment {
        appointment: Appointment {
            booking: id.into(),
            sequence,
            starts_at: starts_at.0,
            ends_at: ends_at.0,
            subject: clean(&subject),
            teachers: list(&teachers.remove(&id).unwrap_or_default()),
            student: full_name(None, &given, &family),
            video,
        },
        parent: parent.into(),
        student: student.into(),
        evening: evening.into(),
        cancelled_at: cancelled_at.map(Into::into),
        changed_at: changed_at.into(),
    };
    Ok(rows.into_iter().map(booked).collect())
}

fn teachers(db: &mut Db, of: Vec<Key>) -> Result<HashMap<Key, Vec<String>>> {
    let rows: Vec<(Key, Option<String>, String, String)> = booking_teachers::table
        .inner_join(people::table.on(people::id.eq(booking_teachers::teacher_id)))
        .filter(in_ids(booking_teachers::booking_id, of))
        .order((booking_teachers::position, people::id))
        .select((
            booking_teachers::booking_id,
            people::honorific,
            people::given_name,
            people::family_name,
        ))
        .load(db)?;
    let mut names: HashMap<Key, Vec<String>> = HashMap::new();
    for (booking, honorific, given, family) in rows {
        names.entry(booking).or_default().push(full_name(honorific.as_deref(), &given, &family));
    }
    Ok(names)
}
