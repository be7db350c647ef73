//! The roster rows that bookings depend on, loaded for any number of bookings by the same few
//! queries. The domain decides whether a booking is stranded.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use parlour_domain::booking::{BookingBasis, Stranded};

use super::Booking;
use crate::{
    schema::{booking_teachers, bookings, classes, enrolments, evening_classes, evenings, people},
    store::{
        Db, Result,
        in_ids::in_ids,
        sql_types::{At, Key, at},
    },
};

/// The largest number of ids in one statement.
const IDS: usize = 500;

/// A booking that is not cancelled and not over, by ids.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LiveBooking {
    /// Its id.
    pub id: Key,
    /// Its evening.
    pub evening: Key,
    /// Time when it begins.
    pub starts_at: At,
    /// Its class.
    pub class: Key,
    /// Its student.
    pub student: Key,
    /// The parent who booked.
    pub parent: Key,
    /// Its teachers.
    pub teachers: Vec<Key>,
}

/// Live bookings, and the roster rows that they depend on.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BookingDependencies {
    /// The live bookings among those requested.
    pub bookings: Vec<LiveBooking>,
    /// The classes that are not removed.
    pub classes: BTreeSet<Key>,
    /// Pairs of class and student: the enrolments of students, without removed people.
    pub students: BTreeSet<(Key, Key)>,
    /// Pairs of class and teacher: the enrolments of teachers, without removed people.
    pub teachers: BTreeSet<(Key, Key)>,
}

impl BookingDependencies {
    /// Loads the dependencies of these bookings. It runs no query for an empty list.
    ///
    /// # Errors
    /// Errors of the database.
    pub fn of(db: &mut Db, now: DateTime<Utc>, ids: &[Key]) -> Result<Self> {
        let mut grounds = Self::default();
        for chunk in ids.chunks(IDS) {
            grounds.read(db, now, chunk)?;
        }
        Ok(grounds)
    }

    /// Loads the dependencies of all live bookings of these classes.
    ///
    /// # Errors
    /// Errors of the database.
    pub fn of_classes(db: &mut Db, now: DateTime<Utc>, classes: &BTreeSet<Key>) -> Result<Self> {
        let ids = live_bookings_of_classes(db, now, classes)?;
        Self::of(db, now, &ids)
    }

    fn read(&mut self, db: &mut Db, now: DateTime<Utc>, ids: &[Key]) -> Result<()> {
        let live: Vec<(Key, Key, At, Key, Key, Key)> = bookings::table
            .filter(
                in_ids(bookings::id, ids.iter().copied())
                    .and(bookings::cancelled_at.is_null())
                    .and(bookings::ends_at.gt(at(now))),
            )
            .select((
                bookings::id,
                bookings::evening_id,
                bookings::starts_at,
                bookings::class_id,
                bookings::student_id,
                bookings::parent_id,
            ))
            .load(db)?;
        if live.is_empty() {
            return Ok(());
        }
        let with: Vec<(Key, Key)> = booking_teachers::table
            .filter(in_ids(booking_teachers::booking_id, live.iter().map(|(id, ..)| *id)))
            .order((booking_teachers::booking_id, booking_teachers::position))
            .select((booking_teachers::booking_id, booking_teachers::teacher_id))
            .load(db)?;
        let mut teachers: BTreeMap<Key, Vec<Key>> = BTreeMap::new();
        for (booking, teacher) in with {
            teachers.entry(booking).or_default().push(teacher);
        }
        let live = live.into_iter().map(|(id, evening, starts_at, class, student, parent)| {
            let teachers = teachers.remove(&id).unwrap_or_default();
            LiveBooking { id, evening, starts_at, class, student, parent, teachers }
        });
        let live: Vec<LiveBooking> = live.collect();
        self.read_places(db, &live)?;
        self.bookings.extend(live);
        Ok(())
    }

    /// Loads the classes that still exist, and the enrolments of the bookings' people in their
    /// classes.
    fn read_places(&mut self, db: &mut Db, of: &[LiveBooking]) -> Result<()> {
        let concerned: BTreeSet<Key> = of.iter().map(|booking| booking.class).collect();
        let persons: BTreeSet<Key> = of
            .iter()
            .flat_map(|booking| booking.teachers.iter().copied().chain([booking.student]))
            .collect();
        let there = classes::table.filter(
            in_ids(classes::id, concerned.iter().copied()).and(classes::removed_at.is_null()),
        );
        self.classes.extend(there.select(classes::id).load::<Key>(db)?);
        let places: Vec<(Key, Key, String)> = enrolments::table
            .inner_join(people::table)
            .filter(
                in_ids(enrolments::class_id, concerned).and(in_ids(enrolments::person_id, persons)),
            )
            .filter(enrolments::removed_at.is_null().and(people::removed_at.is_null()))
            .select((enrolments::class_id, enrolments::person_id, enrolments::role))
            .load(db)?;
        for (class, person, role) in places {
            let whose = if role == "teacher" { &mut self.teachers } else { &mut self.students };
            whose.insert((class, person));
        }
        Ok(())
    }

    /// The stranded bookings with the reasons.
    pub fn stranded(&self) -> impl Iterator<Item = (&LiveBooking, Stranded)> {
        self.bookings
            .iter()
            .filter_map(|booking| Some((booking, self.ground_of(booking).stranded_reason()?)))
    }

    fn ground_of(&self, booking: &LiveBooking) -> BookingBasis {
        BookingBasis {
            is_live: true,
            class_exists: self.classes.contains(&booking.class),
            student_is_in_class: self.students.contains(&(booking.class, booking.student)),
            teachers_left: booking
                .teachers
                .iter()
                .filter(|teacher| !self.teachers.contains(&(booking.class, **teacher)))
                .count(),
        }
    }
}

/// Returns which of these bookings are stranded, and why.
///
/// # Errors
/// Errors of the database.
pub fn stranded(db: &mut Db, now: DateTime<Utc>, ids: &[Key]) -> Result<BTreeMap<Key, Stranded>> {
    Ok(BookingDependencies::of(db, now, ids)?
        .stranded()
        .map(|(booking, why)| (booking.id, why))
        .collect())
}

/// Sets [`Booking::stranded`] of these bookings.
///
/// # Errors
/// Errors of the database.
pub fn mark_stranded<'b>(
    db: &mut Db,
    now: DateTime<Utc>,
    of: impl IntoIterator<Item = &'b mut Booking>,
) -> Result<()> {
    let of: Vec<&mut Booking> = of.into_iter().collect();
    let why = stranded(db, now, &of.iter().map(|booking| booking.row.id).collect::<Vec<_>>())?;
    for booking in of {
        booking.stranded = why.get(&booking.row.id).copied();
    }
    Ok(())
}

/// Returns the bookings of these classes that are not cancelled and not over.
fn live_bookings_of_classes(
    db: &mut Db,
    now: DateTime<Utc>,
    of: &BTreeSet<Key>,
) -> Result<Vec<Key>> {
    let mut ids = Vec::new();
    for chunk in of.iter().copied().collect::<Vec<_>>().chunks(IDS) {
        // The query goes through the evenings of the classes, because an index covers them and few
        // of them are still to come.
        let of_class = bookings::evening_id
            .eq(evening_classes::evening_id)
            .and(bookings::class_id.eq(evening_classes::class_id));
        let live = evening_classes::table
            .inner_join(evenings::table.on(evenings::id.eq(evening_classes::evening_id)))
            .inner_join(bookings::table.on(of_class))
            .filter(
                in_ids(evening_classes::class_id, chunk.iter().copied())
                    .and(evenings::ends_at.gt(at(now))),
            )
            .filter(bookings::cancelled_at.is_null().and(bookings::ends_at.gt(at(now))));
        ids.extend(live.select(bookings::id).load::<Key>(db)?);
    }
    Ok(ids)
}
