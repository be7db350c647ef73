//! Making appointments: all that are asked for, or none.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use diesel::prelude::*;
use parlour_domain::{Refusal, id::BookingId};

use super::{
    Acting, NewBooking,
    claims::{claims_of, insert_claims, lost, set_teachers},
    record, tell_guests, when,
};
use crate::{
    context::Context,
    schema::bookings,
    store::{
        Db, Error, Result, access,
        evenings::{self, EveningRow},
        login,
        outbox::{self, NewMail, Template},
        people::{self, PersonRow},
        slots::{self, OfferedClass},
        sql_types::{At, Key, at, key},
    },
};

/// Makes appointments, all or none.
///
/// # Errors
/// [`Error::Lost`] with every one that can't be had; the refusals of the window and of what is offered.
pub fn make(db: &mut Db, ctx: &Context, evening: &EveningRow, acting: &Acting, wanted: &[NewBooking]) -> Result<Vec<BookingId>> {
    let evening = &evenings::held(db, evening.id())?;
    acting.check_window(evening, ctx.now)?;
    if wanted.is_empty() {
        return Err(Refusal::NothingChosen.into());
    }
    people::lock(db, &[acting.parent])?;
    let timing = evening.timing()?;
    let students = access::students_of(db, acting.parent)?;
    let ids: Vec<Key> = students.iter().map(|student| student.id).collect();
    let offered = slots::offered_of(db, evening, &ids, &wanted.iter().map(|booking| key(booking.class)).collect())?;
    let mut chosen = Vec::with_capacity(wanted.len());
    for booking in wanted {
        let classes = offered.get(&key(booking.student)).ok_or(Refusal::ClassNotOffered)?;
        let class = classes.iter().find(|class| class.id == booking.class).ok_or(Refusal::ClassNotOffered)?;
        timing.check_slot(booking.starts_at)?;
        chosen.push((*booking, class));
    }
    let lost = lost(db, evening, acting.parent, &chosen, timing.slot_length(), None)?;
    if !lost.is_empty() {
        return Err(Error::Lost(lost));
    }
    let mut made = Vec::with_capacity(chosen.len());
    let mut all_claims = Vec::new();
    for (booking, class) in &chosen {
        let id: BookingId = ctx.new_id();
        insert(db, ctx, evening, acting, id, *booking, class, timing.slot_length())?;
        all_claims.extend(claims_of(id, acting.parent, *booking, class, timing.slot_length()));
        made.push(id);
    }
    insert_claims(db, all_claims)?;
    let names: BTreeMap<Key, &PersonRow> = students.iter().map(|student| (student.id, student)).collect();
    for (booking, class) in &chosen {
        let student = names.get(&key(booking.student)).map(|student| student.name()).unwrap_or_default();
        let summary = format!("Booked {} with {} about {student}.", when(evening, booking.starts_at), teacher_names(&class.teachers));
        record(db, ctx, evening, acting, "booking_made", summary)?;
    }
    let mail = NewMail { person: Some(acting.parent), evening: Some(evening.id()), ..NewMail::new(evening.school(), Template::BookingsMade) };
    let login_link = login::standing(db, ctx, acting.parent, evening)?;
    outbox::enqueue(db, ctx, NewMail { login_link, ..mail })?;
    tell_guests(db, ctx, evening, acting.parent, &chosen.iter().map(|(booking, _)| booking.student).collect())?;
    Ok(made)
}

#[derive(Insertable)]
#[diesel(table_name = bookings)]
struct NewRow {
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
}

#[expect(clippy::too_many_arguments, reason = "a row of many columns, written in one place")]
fn insert(
    db: &mut Db,
    ctx: &Context,
    evening: &EveningRow,
    acting: &Acting,
    id: BookingId,
    booking: NewBooking,
    class: &OfferedClass,
    length: TimeDelta,
) -> Result<()> {
    let row = NewRow {
        id: key(id),
        school_id: evening.school_id,
        evening_id: evening.id,
        parent_id: key(acting.parent),
        student_id: key(booking.student),
        class_id: key(class.id),
        starts_at: at(booking.starts_at),
        ends_at: at(booking.starts_at + length),
        video: class.video,
        sequence: 0,
        created_by: key(acting.actor.person.unwrap_or(acting.parent)),
        created_at: at(ctx.now),
    };
    diesel::insert_into(bookings::table).values(&row).execute(db).map_err(Error::raced)?;
    set_teachers(db, row.id, &class.teachers)
}

/// `Mrs Anita Abell and Mr Geraint Davies`.
fn teacher_names(teachers: &[PersonRow]) -> String {
    teachers.iter().map(PersonRow::formal_name).collect::<Vec<_>>().join(" and ")
}
