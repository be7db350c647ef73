//! Prediction of the appointments that a plan strands ([`parlour_domain::booking::Stranded`]) for
//! the report, and the alert to staff once the plan is written. Only classes that the plan affects
//! are looked at.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use parlour_domain::booking::Stranded;

use super::{
    Plan,
    describe::{LINES, Line},
    lost_access::LostAccess,
    rows::Row,
};
use crate::{
    schema::bookings as bookings_table,
    store::{
        Db, Result,
        bookings::{self, Booking, BookingDependencies, BookingRow, LiveBooking, when},
        evenings::{self, EveningRow},
        in_ids::in_ids,
        people::PersonRow,
        sql_types::{At, Key},
    },
};

/// Maximum number of appointments of an evening that an alert names.
const NAMED: usize = 5;

/// Counts the appointments that the plan would strand, and adds a line for each. A push gets no
/// lines: its response reports each row, and staff get an alert.
pub(super) fn predict(db: &mut Db, plan: &mut Plan) -> Result<()> {
    let shaken = affected_classes(plan);
    if shaken.is_empty() {
        return Ok(());
    }
    let before = BookingDependencies::of_classes(db, plan.ctx.now, &shaken)?;
    let lost = LostAccess::by(db, plan)?;
    let newly = newly_stranded(&booking_times(&before), &after_import(before, plan, &lost));
    plan.changes.appointments_stranded = newly.len().try_into().unwrap_or(u64::MAX);
    if plan.pushed_by.is_none() {
        let evenings = evenings_of(db, plan, &newly)?;
        let line = |(booking, why): &(Booking, Stranded)| {
            let evening = evenings.get(&booking.row.evening_id)?;
            Some(Line {
                fate: "stranded",
                kind: "appointment",
                what: format!(
                    "{} on {}, {}",
                    describe(booking, *why, evening),
                    date(evening),
                    evening.title
                ),
            })
        };
        plan.lines.extend(named(db, newly.iter().take(LINES))?.iter().filter_map(line));
    }
    Ok(())
}

/// An appointment and its time. If it is moved during the import, it counts as another one.
type BookingTime = (Key, At);

/// The appointments of the affected classes that are stranded already, for whatever reason. Staff
/// are not alerted of them again.
pub(super) fn stranded_before(db: &mut Db, plan: &Plan) -> Result<BTreeSet<BookingTime>> {
    Ok(booking_times(&BookingDependencies::of_classes(db, plan.ctx.now, &affected_classes(plan))?))
}

/// Locks the evenings of the affected classes. The lock waits for bookings that are under way; a
/// later booking waits until the plan is committed, and is then refused. Must be called after the
/// plan's own rows are written, since a booking that is waited for may have locked a person among
/// them.
pub(super) fn lock_evenings(db: &mut Db, plan: &Plan) -> Result<()> {
    let shaken = affected_classes(plan);
    if shaken.is_empty() {
        return Ok(());
    }
    evenings::lock_evenings_of(db, plan.ctx.now, &shaken)
}

/// Alerts staff of the appointments that the written plan has stranded; returns whether there are
/// any. The evenings must be locked ([`lock_evenings`]).
pub(super) fn alert_staff(
    db: &mut Db,
    plan: &Plan,
    before: &BTreeSet<BookingTime>,
    is_alerted: bool,
) -> Result<bool> {
    let (shaken, now) = (affected_classes(plan), plan.ctx.now);
    if shaken.is_empty() {
        return Ok(false);
    }
    let newly = newly_stranded(before, &BookingDependencies::of_classes(db, now, &shaken)?);
    if newly.is_empty() {
        return Ok(false);
    }
    let summary = alert_text(db, plan, &newly)?;
    super::alert_once(db, plan, is_alerted, summary)?;
    Ok(true)
}

/// The classes that the plan removes, or removes people from. In the plan a person who leaves the
/// school also leaves their classes.
fn affected_classes(plan: &Plan) -> BTreeSet<Key> {
    let places =
        plan.enrolments.iter().filter(|place| place.is_removed()).map(|place| place.class_id);
    plan.classes
        .iter()
        .filter(|class| class.is_removed())
        .map(|class| class.id)
        .chain(places)
        .collect()
}

/// Applies the plan to what bookings depend on. Bookings that the plan ends because of lost access
/// (I13) are left out.
fn after_import(
    mut grounds: BookingDependencies,
    plan: &Plan,
    lost: &LostAccess,
) -> BookingDependencies {
    fn set<T: Ord>(all: &mut BTreeSet<T>, one: T, is_there: bool) {
        if is_there {
            all.insert(one)
        } else {
            all.remove(&one)
        };
    }
    for class in &plan.classes {
        set(&mut grounds.classes, class.id, !class.is_removed());
    }
    for place in &plan.enrolments {
        let whose =
            if place.role == "teacher" { &mut grounds.teachers } else { &mut grounds.students };
        set(whose, (place.class_id, place.person_id), !place.is_removed());
    }
    grounds.bookings.retain(|booking| !lost.includes(booking.parent, booking.student));
    grounds
}

fn booking_times(grounds: &BookingDependencies) -> BTreeSet<BookingTime> {
    grounds.stranded().map(|(booking, _)| booking_time(booking)).collect()
}

const fn booking_time(booking: &LiveBooking) -> BookingTime {
    (booking.id, booking.starts_at)
}

/// The bookings that are stranded now and were not before, ordered by time.
fn newly_stranded(
    before: &BTreeSet<BookingTime>,
    now: &BookingDependencies,
) -> Vec<(LiveBooking, Stranded)> {
    let mut newly: Vec<(LiveBooking, Stranded)> = now
        .stranded()
        .filter(|(booking, _)| !before.contains(&booking_time(booking)))
        .map(|(booking, why)| (booking.clone(), why))
        .collect();
    newly.sort_by_key(|(booking, _)| (booking.starts_at, booking.id));
    newly
}

/// The text of the alert: for each evening the number of appointments, the first few, and what to
/// do.
fn alert_text(db: &mut Db, plan: &Plan, newly: &[(LiveBooking, Stranded)]) -> Result<String> {
    let mut parts = Vec::new();
    for evening in evenings_of(db, plan, newly)?.values() {
        let of_evening = || newly.iter().filter(|(booking, _)| booking.evening == evening.id);
        let count = of_evening().count();
        let first: Vec<String> = named(db, of_evening().take(NAMED))?
            .iter()
            .map(|(booking, why)| describe(booking, *why, evening))
            .collect();
        let more =
            if count > NAMED { format!("; and {} more", count - NAMED) } else { String::new() };
        parts.push(format!(
            "{}, {}: {count} {}. {}{more}.",
            evening.title,
            date(evening),
            appointments(count),
            first.join("; ")
        ));
    }
    Ok(format!(
        "The roster no longer has what {} {} booked on. Move or cancel them. {}",
        newly.len(),
        were(newly.len()),
        parts.join(" ")
    ))
}

const fn appointments(count: usize) -> &'static str {
    if count == 1 { "appointment" } else { "appointments" }
}

const fn were(count: usize) -> &'static str {
    if count == 1 { "appointment was" } else { "appointments were" }
}

/// Describes an appointment as `16:05 Mrs Anita Abell, Sophie Aaron, Science (the class is gone)`.
fn describe(of: &Booking, why: Stranded, evening: &EveningRow) -> String {
    format!(
        "{} {}, {}, {} ({})",
        when(evening, *of.row.starts_at),
        teachers_of(of),
        of.student.name(),
        of.subject,
        why.description()
    )
}

/// Joins the teachers' names as `Mrs Anita Abell and Mr John Atkinson`.
pub(super) fn teachers_of(booking: &Booking) -> String {
    booking.teachers.iter().map(PersonRow::formal_name).collect::<Vec<_>>().join(" and ")
}

/// Formats the date of an evening as `26 November 2026`.
pub(super) fn date(evening: &EveningRow) -> String {
    evening.starts_at.with_timezone(&evening.zone()).format("%-d %B %Y").to_string()
}

fn evenings_of(
    db: &mut Db,
    plan: &Plan,
    newly: &[(LiveBooking, Stranded)],
) -> Result<BTreeMap<Key, EveningRow>> {
    let concerned: BTreeSet<Key> = newly.iter().map(|(booking, _)| booking.evening).collect();
    concerned
        .into_iter()
        .map(|evening| Ok((evening, evenings::find(db, plan.school.id.into(), evening.into())?)))
        .collect()
}

/// Loads these appointments with their names, ordered by time.
fn named<'n>(
    db: &mut Db,
    of: impl Iterator<Item = &'n (LiveBooking, Stranded)>,
) -> Result<Vec<(Booking, Stranded)>> {
    let why: BTreeMap<Key, Stranded> = of.map(|(booking, why)| (booking.id, *why)).collect();
    let rows: Vec<BookingRow> = bookings_table::table
        .filter(in_ids(bookings_table::id, why.keys().copied()))
        .order((bookings_table::starts_at, bookings_table::id))
        .select(BookingRow::as_select())
        .load(db)?;
    let with_names = bookings::with_names(db, rows)?;
    Ok(with_names
        .into_iter()
        .filter_map(|booking| Some((why.get(&booking.row.id).copied()?, booking)))
        .map(|(why, booking)| (booking, why))
        .collect())
}
