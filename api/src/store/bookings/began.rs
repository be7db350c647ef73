//! Appointments that have begun or have a record: they are not moved, and staff make another one of
//! the same class beside them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use parlour_domain::{booking::keeps_its_time, id::PersonId};

use super::{BookingRow, NewBooking};
use crate::{
    context::Context,
    schema::{bookings, teacher_records},
    store::{
        Db, Error, Result,
        among::among,
        evenings::EveningRow,
        sql_types::{At, Key, at, key},
    },
};

/// Whether this appointment keeps its time.
///
/// # Errors
/// When the database fails.
pub(super) fn has_begun(db: &mut Db, row: &BookingRow, now: DateTime<Utc>) -> Result<bool> {
    Ok(keeps_its_time(*row.starts_at, !recorded(db, [row.id])?.is_empty(), now))
}

/// A parent's appointments that keep their time, by student and class, as far as no other one was
/// made beside them.
///
/// # Errors
/// When the database fails.
pub(super) fn begun(
    db: &mut Db,
    evening: &EveningRow,
    parent: PersonId,
    now: DateTime<Utc>,
) -> Result<BTreeMap<(Key, Key), Key>> {
    let live: Vec<(Key, Key, Key, At)> = bookings::table
        .filter(bookings::evening_id.eq(evening.id).and(bookings::parent_id.eq(key(parent))))
        .filter(bookings::cancelled_at.is_null().and(bookings::repeated_at.is_null()))
        .select((bookings::id, bookings::student_id, bookings::class_id, bookings::starts_at))
        .load(db)?;
    let recorded = recorded(db, live.iter().map(|(id, ..)| *id))?;
    let begun = live
        .into_iter()
        .filter(|(id, _, _, starts_at)| keeps_its_time(**starts_at, recorded.contains(id), now));
    Ok(begun.map(|(id, student, class, _)| ((student, class), id)).collect())
}

/// Notes on the appointments of these classes that another one follows, so that the one appointment
/// of a class is the new one.
///
/// # Errors
/// [`Error::Raced`] when somebody else was quicker.
pub(super) fn set_repeated(
    db: &mut Db,
    ctx: &Context,
    begun: &BTreeMap<(Key, Key), Key>,
    made: impl Iterator<Item = NewBooking>,
) -> Result<()> {
    for booking in made {
        let Some(first) = begun.get(&(key(booking.student), key(booking.class))) else { continue };
        let unrepeated = bookings::table.filter(
            bookings::id
                .eq(*first)
                .and(bookings::cancelled_at.is_null())
                .and(bookings::repeated_at.is_null()),
        );
        if diesel::update(unrepeated)
            .set(bookings::repeated_at.eq(Some(at(ctx.now))))
            .execute(db)?
            != 1
        {
            return Err(Error::Raced);
        }
    }
    Ok(())
}

/// Of these appointments those of which a teacher has made a record; an empty one is none.
fn recorded(db: &mut Db, of: impl IntoIterator<Item = Key>) -> Result<BTreeSet<Key>> {
    let rows: Vec<Key> = teacher_records::table
        .filter(among(teacher_records::booking_id, of))
        .filter(teacher_records::no_show.eq(true).or(teacher_records::note.ne("")))
        .select(teacher_records::booking_id)
        .load(db)?;
    Ok(rows.into_iter().collect())
}
