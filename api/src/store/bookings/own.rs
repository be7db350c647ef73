//! A parent's existing bookings of an evening, and whether teachers have made records of them.

use std::collections::BTreeSet;

use diesel::prelude::*;
use parlour_domain::{
    booking::{By, OwnBooking},
    id::BookingId,
};

use super::OnBehalfOf;
use crate::{
    context::Context,
    schema::{bookings, teacher_records},
    store::{
        Db, Error, Result,
        evenings::EveningRow,
        in_ids::in_ids,
        sql_types::{At, Key, at, key},
    },
    with_conn,
};

/// Returns a parent's bookings of the evening that count for their class: live, and not repeated by
/// another booking. `has_record` is only loaded for staff, because what parents may do does not
/// depend on it.
///
/// # Errors
/// Errors of the database.
pub(super) fn own_bookings(
    db: &mut Db,
    evening: &EveningRow,
    acting: &OnBehalfOf,
) -> Result<Vec<OwnBooking>> {
    let live: Vec<(Key, Key, Key, At)> = with_conn!(db, conn => bookings::table
        .filter(bookings::evening_id.eq(evening.id).and(bookings::parent_id.eq(key(acting.parent))))
        .filter(bookings::cancelled_at.is_null().and(bookings::repeated_at.is_null()))
        .select((bookings::id, bookings::student_id, bookings::class_id, bookings::starts_at))
        .load(conn))?;
    let recorded = match acting.by() {
        By::Staff => ids_with_records(db, live.iter().map(|(id, ..)| *id))?,
        By::Parent => BTreeSet::new(),
    };
    let own = live.into_iter().map(|(id, student, class, starts_at)| OwnBooking {
        id: id.into(),
        student: student.into(),
        class: class.into(),
        starts_at: *starts_at,
        has_record: recorded.contains(&id),
    });
    Ok(own.collect())
}

/// Returns whether a teacher has made a record of this booking.
///
/// # Errors
/// Errors of the database.
pub(super) fn has_record(db: &mut Db, booking: Key) -> Result<bool> {
    Ok(!ids_with_records(db, [booking])?.is_empty())
}

/// Marks a booking as repeated by a new one of the same class, so that the new one counts for the
/// class.
///
/// # Errors
/// [`Error::UniqueViolation`] when another transaction was faster.
pub(super) fn set_repeated(db: &mut Db, ctx: &Context, booking: BookingId) -> Result<()> {
    let unrepeated = bookings::table.filter(
        bookings::id
            .eq(key(booking))
            .and(bookings::cancelled_at.is_null())
            .and(bookings::repeated_at.is_null()),
    );
    let set = bookings::repeated_at.eq(Some(at(ctx.now)));
    if diesel::update(unrepeated).set(set).execute(db)? == 1 {
        Ok(())
    } else {
        Err(Error::UniqueViolation)
    }
}

/// Returns those of these bookings of which a teacher has made a record. An empty record does not
/// count.
fn ids_with_records(db: &mut Db, of: impl IntoIterator<Item = Key>) -> Result<BTreeSet<Key>> {
    let rows: Vec<Key> = teacher_records::table
        .filter(in_ids(teacher_records::booking_id, of))
        .filter(teacher_records::no_show.eq(true).or(teacher_records::note.ne("")))
        .select(teacher_records::booking_id)
        .load(db)?;
    Ok(rows.into_iter().collect())
}
