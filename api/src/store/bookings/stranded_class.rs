//! The class of a stranded appointment, which is no longer offered but by which staff still move
//! the appointment.

use diesel::prelude::*;

use crate::{
    schema::{booking_teachers, classes, people},
    store::{Db, Result, people::PersonRow, slots::OfferedClass, sql_types::Key},
};

/// Returns the class of a booking with those of the booking's teachers who are still at the school;
/// `None` if there are none.
///
/// # Errors
/// Errors of the database.
pub fn stranded_class(
    db: &mut Db,
    booking: Key,
    class: Key,
    video: bool,
) -> Result<Option<OfferedClass>> {
    let teachers: Vec<PersonRow> = booking_teachers::table
        .inner_join(people::table)
        .filter(booking_teachers::booking_id.eq(booking).and(people::removed_at.is_null()))
        .order(booking_teachers::position)
        .select(PersonRow::as_select())
        .load(db)?;
    if teachers.is_empty() {
        return Ok(None);
    }
    let subject = classes::table.find(class).select(classes::subject).first(db)?;
    Ok(Some(OfferedClass { id: class.into(), subject, video, teachers }))
}
