//! Prediction of the appointments that a plan ends because a parent or student leaves or loses
//! contact. The report counts and names them, and the limit on removals includes them. When the
//! plan is written, [`crate::store::revocation`] ends them.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use diesel::prelude::*;

use super::{
    Plan,
    describe::{LINES, Line},
    lost_access::LostAccess,
    stranded_bookings::{date, teachers_of},
};
use crate::{
    schema::bookings as bookings_table,
    store::{
        Db, Result, access,
        bookings::{self, BookingRow, when},
        evenings,
        in_ids::in_ids,
        sql_types::{Key, at},
    },
};

/// The ids of a booking, its parent and its student.
type FutureBooking = (Key, Key, Key);

/// Counts the school's coming appointments and those that the plan ends, and adds a line for each
/// of the latter. Skips a push, since a push names each row that it removes.
pub(super) fn predict(db: &mut Db, plan: &mut Plan) -> Result<()> {
    if plan.pushed_by.is_some() {
        return Ok(());
    }
    let coming: Vec<FutureBooking> = bookings_table::table
        .filter(bookings_table::school_id.eq(plan.school.id))
        .filter(
            bookings_table::cancelled_at
                .is_null()
                .and(bookings_table::ends_at.gt(at(plan.ctx.now))),
        )
        .select((bookings_table::id, bookings_table::parent_id, bookings_table::student_id))
        .load(db)?;
    plan.changes.appointments_coming = count(coming.len());
    if !plan.losses.sweep || coming.is_empty() {
        return Ok(());
    }
    let allowed = allowed_after(db, plan)?;
    let ended: Vec<Key> = coming
        .into_iter()
        .filter(|(_, parent, student)| !allowed.contains(&(*parent, *student)))
        .map(|(id, ..)| id)
        .collect();
    plan.changes.appointments_ended = count(ended.len());
    let lines = lines(db, plan, &ended)?;
    plan.lines.extend(lines);
    Ok(())
}

fn count(length: usize) -> u64 {
    length.try_into().unwrap_or(u64::MAX)
}

/// The pairs of parent and student that have access once the plan is written.
fn allowed_after(db: &mut Db, plan: &Plan) -> Result<BTreeSet<(Key, Key)>> {
    let mut allowed = access::allowed_pairs(db, plan.school.id.into())?;
    let lost = LostAccess::by(db, plan)?;
    allowed.retain(|(parent, student)| !lost.includes(*parent, *student));
    Ok(allowed)
}

/// Describes appointments, ordered by time, as `16:05 Mrs Anita Abell, Sophie Aaron, Science on 26
/// November 2026, Year 9 Parents’ Evening`.
fn lines(db: &mut Db, plan: &Plan, ended: &[Key]) -> Result<Vec<Line>> {
    let rows: Vec<BookingRow> = bookings_table::table
        .filter(in_ids(bookings_table::id, ended.iter().take(LINES).copied()))
        .order((bookings_table::starts_at, bookings_table::id))
        .select(BookingRow::as_select())
        .load(db)?;
    let mut lines = Vec::with_capacity(rows.len());
    let mut known = BTreeMap::new();
    for booking in bookings::with_names(db, rows)? {
        let id = booking.row.evening_id;
        if let Entry::Vacant(place) = known.entry(id) {
            place.insert(evenings::find(db, plan.school.id.into(), id.into())?);
        }
        let Some(evening) = known.get(&id) else { continue };
        let (time, teachers) = (when(evening, *booking.row.starts_at), teachers_of(&booking));
        let what = format!(
            "{time} {teachers}, {}, {} on {}, {}",
            booking.student.name(),
            booking.subject,
            date(evening),
            evening.title
        );
        lines.push(Line { fate: "ended", kind: "appointment", what });
    }
    Ok(lines)
}
