//! The demo's bookings and the invite. Rachel Aaron's bookings go through the normal store
//! functions; all others are planned by a fixed rule and inserted in bulk.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use parlour_domain::{
    EmailAddress, PersonName,
    booking::claimed_minutes,
    id::{ClassId, PersonId},
    invite::{Consent, NewInvite},
};

use super::people::{GUEST_EMAIL, PARENT, person};
use crate::{
    context::Context,
    schema::{booking_teachers, bookings, claims, classes, people},
    store::{
        Db, Result, access,
        bookings::{self as booking_store, NewBooking, OnBehalfOf, when},
        evenings::EveningRow,
        events::{self, Actor, NewEvent},
        invites,
        people::PersonRow,
        slots::{self, OfferedClass},
        sql_types::{At, Key, at, key},
    },
    with_conn,
};

/// The teacher whose grid is almost full, and the maximum number of their bookings.
const POPULAR: (&str, usize) = ("t-hussain", 33);
/// The maximum number of bookings of every other teacher.
const OTHERS: usize = 16;
/// Rachel Aaron's appointments: minutes after the start, student, class.
const RACHELS: [(i64, &str, &str); 3] = [
    (0, "s-sophie-aaron", "9a-science"),
    (5, "s-liz-aaron", "9b-music"),
    (20, "s-chris-aaron", "9c-english"),
];
/// Number of rows that are inserted by one statement.
const ROWS: usize = 500;

/// Books for Rachel Aaron and invites Jordan Aaron for Sophie; returns the number of bookings.
pub(super) fn book_for_rachel(db: &mut Db, ctx: &Context, evening: &EveningRow) -> Result<usize> {
    let rachel = person(db, evening.school_id, PARENT)?;
    let acting = OnBehalfOf {
        parent: rachel,
        actor: Actor { person: Some(rachel), name: "Rachel Aaron".to_owned() },
        is_staff: false,
    };
    let mut wanted = Vec::with_capacity(RACHELS.len());
    for (minutes, student, class) in RACHELS {
        let student = person(db, evening.school_id, student)?;
        let class: Key = classes::table
            .filter(classes::school_id.eq(evening.school_id).and(classes::sourced_id.eq(class)))
            .select(classes::id)
            .first(db)?;
        wanted.push(NewBooking {
            student,
            class: class.into(),
            starts_at: *evening.starts_at + TimeDelta::minutes(minutes),
        });
    }
    booking_store::create(db, ctx, evening, &acting, &wanted)?;
    let sophie = person(db, evening.school_id, "s-sophie-aaron")?;
    let (name, email) = (PersonName::parse("Jordan Aaron")?, EmailAddress::parse(GUEST_EMAIL)?);
    invites::send(
        db,
        ctx,
        evening,
        &acting,
        &NewInvite { name, email, students: BTreeSet::from([sophie]), consent: Consent::Ticked },
    )?;
    Ok(wanted.len())
}

#[derive(Insertable)]
#[diesel(table_name = bookings)]
struct BookingRow {
    id: Key,
    school_id: Key,
    evening_id: Key,
    parent_id: Key,
    student_id: Key,
    class_id: Key,
    starts_at: At,
    ends_at: At,
    video: bool,
    sequence: i32,
    created_by: Key,
    created_at: At,
    changed_at: At,
}

#[derive(Insertable)]
#[diesel(table_name = booking_teachers)]
struct TeacherRow {
    booking_id: Key,
    teacher_id: Key,
    position: i32,
}

#[derive(Insertable)]
#[diesel(table_name = claims)]
struct ClaimRow {
    person_id: Key,
    minute: i32,
    booking_id: Key,
}

/// The parents for whom bookings are planned.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ParentFilter {
    /// All parents, Rachel Aaron first.
    All,
    /// All but Rachel Aaron, who has bookings already.
    Others,
}

/// Books for parents by a fixed rule; returns the number of bookings.
pub(super) fn fill_slots(
    db: &mut Db,
    ctx: &Context,
    evening: &EveningRow,
    of: ParentFilter,
) -> Result<usize> {
    let mut plan = Plan::new(db, evening)?;
    for (turn, parent) in parents(db, evening, of)?.iter().enumerate() {
        // Some parents have not booked yet.
        if turn % 8 == 3 || turn % 8 == 6 {
            continue;
        }
        let mut earlier = ctx.clone();
        earlier.now = ctx.now.min(*evening.booking_closes_at)
            - TimeDelta::minutes(i64::try_from(turn).unwrap_or_default() * 37);
        book(db, &earlier, evening, &mut plan, turn, parent)?;
    }
    write(db, &plan)?;
    Ok(plan.bookings.len())
}

fn parents(db: &mut Db, evening: &EveningRow, of: ParentFilter) -> Result<Vec<PersonRow>> {
    let mut parents: Vec<(String, PersonRow)> = people::table
        .filter(
            people::school_id
                .eq(evening.school_id)
                .and(people::is_parent.eq(true))
                .and(people::removed_at.is_null()),
        )
        .order(people::sourced_id)
        .select((people::sourced_id, PersonRow::as_select()))
        .load(db)?;
    match of {
        ParentFilter::All => parents.sort_by_key(|(id, _)| id != PARENT),
        ParentFilter::Others => parents.retain(|(id, _)| id != PARENT),
    }
    Ok(parents.into_iter().map(|(_, parent)| parent).collect())
}

fn book(
    db: &mut Db,
    ctx: &Context,
    evening: &EveningRow,
    plan: &mut Plan,
    turn: usize,
    parent: &PersonRow,
) -> Result<()> {
    let students = access::students_of(db, parent.id())?;
    let offered = slots::offered_classes(
        db,
        evening,
        &students.iter().map(|student| student.id).collect::<Vec<_>>(),
    )?;
    for student in &students {
        for (number, class) in offered.get(&student.id).into_iter().flatten().enumerate() {
            let is_popular = class.teachers.iter().any(|teacher| teacher.id == plan.popular);
            if !is_popular && !(turn + number).is_multiple_of(3) {
                continue;
            }
            let Some(starts_at) =
                plan.take(ctx, evening, parent.id(), student.id(), class, turn * 7 + number * 5)
            else {
                continue;
            };
            let teachers: Vec<String> = class.teachers.iter().map(PersonRow::formal_name).collect();
            let summary = format!(
                "Booked {} with {} about {}.",
                when(evening, starts_at),
                teachers.join(" and "),
                student.name()
            );
            let actor = Actor { person: Some(parent.id()), name: parent.name() };
            let event = NewEvent {
                school: evening.school(),
                evening: Some(evening.id()),
                parent: Some(parent.id()),
                student: Some(student.id()),
                action: "booking_made",
                summary,
                actor: &actor,
            };
            events::record(db, ctx, &event)?;
        }
    }
    Ok(())
}

/// The bookings planned so far, and the minutes claimed by each person.
struct Plan {
    slots: Vec<DateTime<Utc>>,
    length: TimeDelta,
    popular: Key,
    claimed: BTreeSet<(Key, i32)>,
    counts: BTreeMap<Key, usize>,
    bookings: Vec<BookingRow>,
    teachers: Vec<TeacherRow>,
    claims: Vec<ClaimRow>,
}

impl Plan {
    fn new(db: &mut Db, evening: &EveningRow) -> Result<Self> {
        let timing = evening.timing()?;
        let claimed: Vec<(Key, i32)> =
            claims::table.select((claims::person_id, claims::minute)).load(db)?;
        Ok(Self {
            slots: timing.slots().collect(),
            length: timing.slot_length(),
            popular: key(person(db, evening.school_id, POPULAR.0)?),
            claimed: claimed.into_iter().collect(),
            counts: BTreeMap::new(),
            bookings: Vec::new(),
            teachers: Vec::new(),
            claims: Vec::new(),
        })
    }

    /// Books the first free slot from the preferred one on; `None` if no slot is free or a teacher
    /// has enough bookings.
    fn take(
        &mut self,
        ctx: &Context,
        evening: &EveningRow,
        parent: PersonId,
        student: PersonId,
        class: &OfferedClass,
        preferred: usize,
    ) -> Option<DateTime<Utc>> {
        let limit = |teacher: Key| if teacher == self.popular { POPULAR.1 } else { OTHERS };
        if class.teachers.iter().any(|teacher| {
            self.counts.get(&teacher.id).copied().unwrap_or_default() >= limit(teacher.id)
        }) {
            return None;
        }
        // A teacher can't book an appointment with themselves.
        if class.teachers.iter().any(|teacher| teacher.id() == parent) {
            return None;
        }
        let persons: BTreeSet<Key> = class
            .teachers
            .iter()
            .map(|teacher| teacher.id)
            .chain([key(parent), key(student)])
            .collect();
        let is_free = |at: DateTime<Utc>| {
            persons.iter().all(|person| {
                claimed_minutes(at, self.length)
                    .all(|minute| !self.claimed.contains(&(*person, minute)))
            })
        };
        let count = self.slots.len().max(1);
        let starts_at = self
            .slots
            .iter()
            .cycle()
            .skip(preferred % count)
            .take(count)
            .copied()
            .find(|at| is_free(*at))?;
        self.note(ctx.new_id(), ctx, evening, (parent, student, class.id), class, starts_at);
        for person in persons {
            for minute in claimed_minutes(starts_at, self.length) {
                self.claimed.insert((person, minute));
                self.claims.push(ClaimRow {
                    person_id: person,
                    minute,
                    booking_id: self.bookings.last()?.id,
                });
            }
        }
        Some(starts_at)
    }

    fn note(
        &mut self,
        id: Key,
        ctx: &Context,
        evening: &EveningRow,
        who: (PersonId, PersonId, ClassId),
        class: &OfferedClass,
        starts_at: DateTime<Utc>,
    ) {
        let (parent, student, class_id) = who;
        self.bookings.push(BookingRow {
            id,
            school_id: evening.school_id,
            evening_id: evening.id,
            parent_id: key(parent),
            student_id: key(student),
            class_id: key(class_id),
            starts_at: at(starts_at),
            ends_at: at(starts_at + self.length),
            video: class.video,
            sequence: 0,
            created_by: key(parent),
            created_at: at(ctx.now),
            changed_at: at(ctx.now),
        });
        for (position, teacher) in (0..).zip(&class.teachers) {
            *self.counts.entry(teacher.id).or_default() += 1;
            self.teachers.push(TeacherRow { booking_id: id, teacher_id: teacher.id, position });
        }
    }
}

fn write(db: &mut Db, plan: &Plan) -> Result<()> {
    for rows in plan.bookings.chunks(ROWS) {
        with_conn!(db, conn => diesel::insert_into(bookings::table).values(rows).execute(conn))?;
    }
    for rows in plan.teachers.chunks(ROWS) {
        with_conn!(db, conn =>
            diesel::insert_into(booking_teachers::table).values(rows).execute(conn)
        )?;
    }
    for rows in plan.claims.chunks(ROWS) {
        with_conn!(db, conn => diesel::insert_into(claims::table).values(rows).execute(conn))?;
    }
    Ok(())
}
