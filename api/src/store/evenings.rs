//! Queries for evenings: lists by visibility, one evening by its id, and locks on its row.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use diesel::{dsl::exists, prelude::*};
use parlour_domain::{
    Refusal,
    evening::{BookingWindow, Mode, State, Timing},
    id::{EveningId, PersonId, SchoolId},
};

use super::{
    Db, Error, Result, access,
    in_ids::in_ids,
    locks::{self, LockRank},
    sql_types::{At, Key, at, key},
};
use crate::{
    schema::{bookings, enrolments, evening_classes, evenings, guardianships},
    with_conn,
};

/// An evening.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = evenings)]
#[expect(missing_docs, reason = "the migration documents the columns")]
pub struct EveningRow {
    pub id: Key,
    pub school_id: Key,
    pub title: String,
    pub starts_at: At,
    pub ends_at: At,
    pub time_zone: String,
    pub slot_minutes: i32,
    pub gap_seconds: i32,
    pub booking_opens_at: At,
    pub booking_closes_at: At,
    pub mode: String,
    pub capacity: i32,
    pub published_at: Option<At>,
    pub closed_at: Option<At>,
}

impl EveningRow {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> EveningId {
        self.id.into()
    }

    /// Its school.
    #[must_use]
    pub fn school(&self) -> SchoolId {
        self.school_id.into()
    }

    /// Its time zone; UTC if the stored name is no time zone.
    #[must_use]
    pub fn zone(&self) -> Tz {
        self.time_zone.parse().unwrap_or(chrono_tz::UTC)
    }

    /// The mode in which people meet.
    #[must_use]
    pub fn mode(&self) -> Mode {
        match self.mode.as_str() {
            "in_person" => Mode::InPerson,
            "hybrid" => Mode::Hybrid,
            _ => Mode::Video,
        }
    }

    /// Its slots.
    ///
    /// # Errors
    /// [`Refusal::NotASlot`] when the stored times make no slots. Setting up an evening rules that
    /// out.
    pub fn timing(&self) -> Result<Timing> {
        let (slot, gap) = (
            u32::try_from(self.slot_minutes).unwrap_or_default(),
            u32::try_from(self.gap_seconds).unwrap_or_default(),
        );
        Timing::new(*self.starts_at, *self.ends_at, slot, gap)
            .map_err(|_| Error::Refused(Refusal::NotASlot))
    }

    /// The booking window: it ends at its closing time, or earlier when the evening was closed.
    #[must_use]
    pub fn window(&self) -> BookingWindow {
        BookingWindow { opens_at: *self.booking_opens_at, closes_at: *self.booking_closes_at }
            .closed(self.closed_at.map(Into::into))
    }

    /// Its state: draft, published or closed.
    #[must_use]
    pub const fn state(&self) -> State {
        match (self.published_at, self.closed_at) {
            (None, _) => State::Draft,
            (Some(_), None) => State::Published,
            (Some(_), Some(_)) => State::Closed,
        }
    }
}

/// The set of evenings that a person may see. Only the office sees drafts.
#[derive(Clone, Copy, Debug)]
pub enum EveningVisibility {
    /// All evenings of the school.
    All,
    /// Evenings with a class of a student for whom the parent may act, or with the parent's booking
    /// about such a student.
    Parent(PersonId),
    /// As [`Self::Parent`], for staff. [`find_for`] also finds an evening in which the parent has
    /// bookings only about students for whom they may no longer act; [`list`] omits it.
    ParentForStaff(PersonId),
    /// Evenings with a class or a booking of the teacher.
    Teacher(PersonId),
}

/// Returns evenings, latest first, after the given start and id if there is one. It reads one more
/// than `limit`: an extra row shows that there is a next page.
///
/// # Errors
/// Errors of the database.
pub fn list(
    db: &mut Db,
    school: SchoolId,
    whose: EveningVisibility,
    after: Option<(DateTime<Utc>, EveningId)>,
    limit: i64,
) -> Result<Vec<EveningRow>> {
    let mut query = evenings::table
        .filter(evenings::school_id.eq(key(school)))
        .select(EveningRow::as_select())
        .into_boxed();
    if let Some((start, evening)) = after {
        query = query.filter(
            evenings::starts_at
                .lt(at(start))
                .or(evenings::starts_at.eq(at(start)).and(evenings::id.lt(key(evening)))),
        );
    }
    let own = match whose {
        EveningVisibility::All => None,
        EveningVisibility::Parent(parent) | EveningVisibility::ParentForStaff(parent) => {
            Some(of_parent(db, parent)?)
        }
        EveningVisibility::Teacher(teacher) => Some(of_teacher(db, teacher)?),
    };
    if let Some(own) = own {
        query = query.filter(evenings::id.eq_any(own).and(evenings::published_at.is_not_null()));
    }
    Ok(query.order((evenings::starts_at.desc(), evenings::id.desc())).limit(limit + 1).load(db)?)
}

/// An evening of the school.
///
/// # Errors
/// [`Error::NotFound`] when the school has no such evening.
pub fn find(db: &mut Db, school: SchoolId, evening: EveningId) -> Result<EveningRow> {
    Ok(evenings::table
        .filter(evenings::id.eq(key(evening)).and(evenings::school_id.eq(key(school))))
        .select(EveningRow::as_select())
        .first(db)?)
}

/// Locks an evening's row for share and reads it. A transaction that changes the evening waits, and
/// then sees the new booking.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub fn lock_for_share(db: &mut Db, evening: EveningId) -> Result<EveningRow> {
    locks::lock_for_share(db, LockRank::Evening, evening)?;
    Ok(with_conn!(db, conn =>
        evenings::table.find(key(evening)).select(EveningRow::as_select()).get_result(conn)
    )?)
}

/// Locks the coming evenings of these classes. New bookings of them wait until this transaction
/// ends, and this transaction waits for bookings under way: a booking locks its evening for share
/// ([`lock_for_share`]) before it reads the offered classes.
///
/// # Errors
/// Errors of the database.
pub fn lock_evenings_of(db: &mut Db, now: DateTime<Utc>, classes: &BTreeSet<Key>) -> Result<()> {
    let to_come: Vec<Key> = evening_classes::table
        .inner_join(evenings::table.on(evenings::id.eq(evening_classes::evening_id)))
        .filter(in_ids(evening_classes::class_id, classes.iter().copied()))
        .filter(evenings::ends_at.gt(at(now)))
        .select(evenings::id)
        .load(db)?;
    locks::lock_rows(db, LockRank::Evening, to_come)
}

/// Returns an evening within this visibility.
///
/// # Errors
/// [`Error::NotFound`] otherwise.
pub fn find_for(
    db: &mut Db,
    school: SchoolId,
    whose: EveningVisibility,
    evening: EveningId,
) -> Result<EveningRow> {
    match whose {
        EveningVisibility::All => find(db, school, evening),
        EveningVisibility::Parent(parent) => Ok(with_conn!(db, conn => {
            let has_class = evening_classes::table
                .inner_join(
                    enrolments::table.on(enrolments::class_id.eq(evening_classes::class_id))
                )
                .inner_join(
                    guardianships::table.on(guardianships::student_id.eq(enrolments::person_id))
                )
                .filter(
                    evening_classes::evening_id
                        .eq(key(evening))
                        .and(enrolments::role.eq("student"))
                        .and(enrolments::removed_at.is_null())
                )
                .filter(guardianships::parent_id.eq(key(parent)).and(access::may_act()));
            let has_booking = bookings::table
                .inner_join(guardianships::table.on(access::links_booking()))
                .filter(
                    bookings::parent_id
                        .eq(key(parent))
                        .and(bookings::evening_id.eq(key(evening)))
                        .and(access::may_act())
                );
            evenings::table
                .filter(
                    evenings::id
                        .eq(key(evening))
                        .and(evenings::school_id.eq(key(school)))
                        .and(evenings::published_at.is_not_null())
                )
                .filter(exists(has_booking).or(exists(has_class)))
                .select(EveningRow::as_select())
                .get_result(conn)
        })?),
        EveningVisibility::ParentForStaff(parent) => {
            match find_for(db, school, EveningVisibility::Parent(parent), evening) {
                Err(Error::NotFound) => {
                    let has_booking = bookings::table.filter(
                        bookings::parent_id
                            .eq(key(parent))
                            .and(bookings::evening_id.eq(key(evening))),
                    );
                    let published = evenings::school_id
                        .eq(key(school))
                        .and(evenings::published_at.is_not_null());
                    let row = evenings::table.filter(
                        evenings::id.eq(key(evening)).and(published).and(exists(has_booking)),
                    );
                    Ok(row.select(EveningRow::as_select()).first(db)?)
                }
                found => found,
            }
        }
        EveningVisibility::Teacher(teacher) => {
            let row = find(db, school, evening)?;
            let is_theirs =
                row.state() != State::Draft && of_teacher(db, teacher)?.contains(&key(evening));
            is_theirs.then_some(row).ok_or(Error::NotFound)
        }
    }
}

fn of_parent(db: &mut Db, parent: PersonId) -> Result<Vec<Key>> {
    let mut by_class: Vec<Key> = evening_classes::table
        .inner_join(enrolments::table.on(enrolments::class_id.eq(evening_classes::class_id)))
        .inner_join(guardianships::table.on(guardianships::student_id.eq(enrolments::person_id)))
        .filter(enrolments::role.eq("student").and(enrolments::removed_at.is_null()))
        .filter(guardianships::parent_id.eq(key(parent)).and(access::may_act()))
        .select(evening_classes::evening_id)
        .distinct()
        .load(db)?;
    let by_booking: Vec<Key> = bookings::table
        .inner_join(guardianships::table.on(access::links_booking()))
        .filter(bookings::parent_id.eq(key(parent)).and(access::may_act()))
        .select(bookings::evening_id)
        .distinct()
        .load(db)?;
    by_class.extend(by_booking);
    Ok(by_class)
}

fn of_teacher(db: &mut Db, teacher: PersonId) -> Result<Vec<Key>> {
    use crate::schema::booking_teachers;
    let mut by_class: Vec<Key> = evening_classes::table
        .inner_join(enrolments::table.on(enrolments::class_id.eq(evening_classes::class_id)))
        .filter(
            enrolments::role
                .eq("teacher")
                .and(enrolments::removed_at.is_null())
                .and(enrolments::person_id.eq(key(teacher))),
        )
        .select(evening_classes::evening_id)
        .distinct()
        .load(db)?;
    let by_booking: Vec<Key> = bookings::table
        .inner_join(booking_teachers::table.on(booking_teachers::booking_id.eq(bookings::id)))
        .filter(booking_teachers::teacher_id.eq(key(teacher)))
        .select(bookings::evening_id)
        .distinct()
        .load(db)?;
    by_class.extend(by_booking);
    Ok(by_class)
}
