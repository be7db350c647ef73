//! The slot grid of a parent: the classes of their students and the state of each slot of the
//! evening.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use parlour_domain::{
    booking::claimed_minutes,
    evening::Timing,
    id::{ClassId, EveningId, SchoolId},
};

use super::{
    Db, Result, access,
    bookings::{OnBehalfOf, stranded_class},
    evenings::{self, EveningRow},
    in_ids::in_ids,
    people::PersonRow,
    sql_types::{At, Key, key},
};
use crate::{
    schema::{bookings, claims, classes, enrolments, evening_classes, people},
    with_conn,
};

/// The largest number of teachers of an appointment.
const MAX_TEACHERS: usize = 3;

/// A class that takes part in an evening.
#[derive(Clone, Debug)]
pub struct OfferedClass {
    /// The class.
    pub id: ClassId,
    /// Its subject.
    pub subject: String,
    /// True if it meets by video.
    pub video: bool,
    /// Its teachers, 1 to 3.
    pub teachers: Vec<PersonRow>,
}

/// The state of a slot as far as the parent may know it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the wire crate documents the states")]
pub enum SlotState {
    Free,
    Taken,
    Busy,
    Yours,
}

/// One student's classes with the states of their slots.
#[derive(Clone, Debug)]
pub struct StudentGrid {
    /// The student.
    pub student: PersonRow,
    /// Each class, with the slot states in the order of the evening's slots, and the parent's own
    /// booking of the class.
    pub classes: Vec<(OfferedClass, Vec<SlotState>, Option<Key>)>,
}

/// Returns an evening and the parent's slot grid ([`grid`]).
///
/// # Errors
/// [`Error::NotFound`](super::Error::NotFound) for an evening that the parent may not see.
pub fn get_slots(
    db: &mut Db,
    school: SchoolId,
    acting: &OnBehalfOf,
    evening: EveningId,
) -> Result<(EveningRow, Vec<StudentGrid>)> {
    let row = evenings::find_for(db, school, acting.evening_visibility(), evening)?;
    let grid = grid(db, &row, acting)?;
    Ok((row, grid))
}

/// Returns the slot grid of a parent. For staff it includes the classes of stranded appointments,
/// so that they can be moved.
///
/// # Errors
/// Errors of the database.
pub fn grid(db: &mut Db, evening: &EveningRow, acting: &OnBehalfOf) -> Result<Vec<StudentGrid>> {
    let parent = acting.parent;
    let students = access::students_of(db, parent)?;
    let mut offered = offered_classes(
        db,
        evening,
        &students.iter().map(|student| student.id).collect::<Vec<_>>(),
    )?;
    let timing = evening.timing()?;
    let own: Vec<(Key, Key, Key, At, bool)> = bookings::table
        .filter(
            bookings::evening_id
                .eq(evening.id)
                .and(bookings::parent_id.eq(key(parent)))
                .and(bookings::cancelled_at.is_null()),
        )
        // A repeated booking no longer counts for its class: its repeat does.
        .filter(bookings::repeated_at.is_null())
        .select((
            bookings::id,
            bookings::student_id,
            bookings::class_id,
            bookings::starts_at,
            bookings::video,
        ))
        .load(db)?;
    if acting.is_staff {
        add_stranded_classes(db, &own, &mut offered)?;
    }
    let mut concerned: BTreeSet<Key> = students.iter().map(|student| student.id).collect();
    concerned.insert(key(parent));
    concerned.extend(
        offered
            .values()
            .flatten()
            .flat_map(|class| class.teachers.iter().map(|teacher| teacher.id)),
    );
    let claimed = claimed(db, &timing, &concerned)?;
    let state =
        |at: DateTime<Utc>, student: Key, class: &OfferedClass, own_at: Option<DateTime<Utc>>| {
            let is_claimed = |person: Key| {
                claimed_minutes(at, timing.slot_length())
                    .any(|minute| claimed.contains(&(person, minute)))
            };
            if own_at == Some(at) {
                SlotState::Yours
            } else if is_claimed(key(parent)) {
                SlotState::Busy
            } else if is_claimed(student)
                || class.teachers.iter().any(|teacher| is_claimed(teacher.id))
            {
                SlotState::Taken
            } else {
                SlotState::Free
            }
        };
    let grid = students.into_iter().filter_map(|student| {
        let classes = offered.get(&student.id)?;
        let rows = classes.iter().map(|class| {
            let booked =
                own.iter().find(|(_, of, with, ..)| *of == student.id && *with == key(class.id));
            let states = timing
                .slots()
                .map(|at| state(at, student.id, class, booked.map(|(.., at, _)| **at)))
                .collect();
            (class.clone(), states, booked.map(|(id, ..)| *id))
        });
        let classes = rows.collect();
        Some(StudentGrid { student, classes })
    });
    Ok(grid.collect())
}

/// Adds the classes of a parent's own bookings that are no longer offered.
fn add_stranded_classes(
    db: &mut Db,
    own: &[(Key, Key, Key, At, bool)],
    offered: &mut BTreeMap<Key, Vec<OfferedClass>>,
) -> Result<()> {
    for (booking, student, class, _, video) in own {
        let is_offered = offered
            .get(student)
            .is_some_and(|classes| classes.iter().any(|one| key(one.id) == *class));
        let kept = if is_offered { None } else { stranded_class(db, *booking, *class, *video)? };
        if let Some(kept) = kept {
            offered.entry(*student).or_default().push(kept);
        }
    }
    Ok(())
}

/// Returns which of these students are involved in the evening (I3): a class of theirs takes part,
/// booked or not.
///
/// # Errors
/// Errors of the database.
pub fn involved(db: &mut Db, evening: &EveningRow, students: &[Key]) -> Result<BTreeSet<Key>> {
    Ok(offered_classes(db, evening, students)?
        .into_iter()
        .filter(|(_, classes)| !classes.is_empty())
        .map(|(student, _)| student)
        .collect())
}

/// Returns each student's classes in the evening, by subject. A class without a teacher is not
/// offered.
///
/// # Errors
/// Errors of the database.
pub fn offered_classes(
    db: &mut Db,
    evening: &EveningRow,
    students: &[Key],
) -> Result<BTreeMap<Key, Vec<OfferedClass>>> {
    offered(db, evening, students, None)
}

/// As [`offered_classes`], for the wanted classes only.
///
/// # Errors
/// Errors of the database.
pub fn offered_of(
    db: &mut Db,
    evening: &EveningRow,
    students: &[Key],
    wanted: &BTreeSet<Key>,
) -> Result<BTreeMap<Key, Vec<OfferedClass>>> {
    offered(db, evening, students, Some(wanted))
}

fn offered(
    db: &mut Db,
    evening: &EveningRow,
    students: &[Key],
    wanted: Option<&BTreeSet<Key>>,
) -> Result<BTreeMap<Key, Vec<OfferedClass>>> {
    let rows: Vec<(Key, Key, String, bool)> = with_conn!(db, conn => {
        let all = enrolments::table
            .inner_join(classes::table)
            .inner_join(
                evening_classes::table.on(evening_classes::class_id.eq(enrolments::class_id))
            )
            .filter(
                evening_classes::evening_id
                    .eq(evening.id)
                    .and(in_ids(enrolments::person_id, students.iter().copied()))
            )
            .filter(
                enrolments::role
                    .eq("student")
                    .and(enrolments::removed_at.is_null())
                    .and(classes::removed_at.is_null())
            )
            .order((classes::subject, classes::id))
            .select((enrolments::person_id, classes::id, classes::subject, evening_classes::video));
        match wanted {
            Some(wanted) => all.filter(in_ids(classes::id, wanted.iter().copied())).load(conn),
            None => all.load(conn),
        }
    })?;
    let teachers =
        teachers_of(db, &rows.iter().map(|(_, class, ..)| *class).collect::<BTreeSet<_>>())?;
    let mut offered: BTreeMap<Key, Vec<OfferedClass>> = BTreeMap::new();
    for (student, class, subject, video) in rows {
        if let Some(teachers) = teachers.get(&class) {
            offered.entry(student).or_default().push(OfferedClass {
                id: class.into(),
                subject,
                video,
                teachers: teachers.clone(),
            });
        }
    }
    Ok(offered)
}

fn teachers_of(db: &mut Db, of: &BTreeSet<Key>) -> Result<BTreeMap<Key, Vec<PersonRow>>> {
    let rows: Vec<(Key, PersonRow)> = with_conn!(db, conn => enrolments::table
        .inner_join(people::table)
        .filter(
            in_ids(enrolments::class_id, of.iter().copied())
                .and(enrolments::role.eq("teacher")),
        )
        .filter(enrolments::removed_at.is_null().and(people::removed_at.is_null()))
        .order((enrolments::is_primary.desc(), people::family_name, people::id))
        .select((enrolments::class_id, PersonRow::as_select()))
        .load(conn))?;
    let mut teachers: BTreeMap<Key, Vec<PersonRow>> = BTreeMap::new();
    for (class, teacher) in rows {
        let of_class = teachers.entry(class).or_default();
        if of_class.len() < MAX_TEACHERS {
            of_class.push(teacher);
        }
    }
    Ok(teachers)
}

fn claimed(db: &mut Db, timing: &Timing, persons: &BTreeSet<Key>) -> Result<BTreeSet<(Key, i32)>> {
    let mut minutes = claimed_minutes(timing.starts_at(), timing.ends_at() - timing.starts_at());
    let first = minutes.next().unwrap_or_default();
    let last = minutes.last().unwrap_or(first);
    let rows: Vec<(Key, i32)> = with_conn!(db, conn => claims::table
        .filter(
            in_ids(
                claims::person_id,
                persons.iter().copied(),
            ).and(claims::minute.between(first, last))
        )
        .select((claims::person_id, claims::minute))
        .load(conn))?;
    Ok(rows.into_iter().collect())
}
