//! Making appointments: all that are asked for, or none.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use parlour_domain::{Refusal, id::BookingId};

use super::{
    Acting, Booking, BookingRow, NewBooking,
    began::{begun, set_repeated},
    claims::{Aside, claims_of, insert_claims, insert_teachers, lost},
    record, tell_guests, when,
};
use crate::{
    context::Context,
    each,
    schema::bookings,
    store::{
        Db, Error, Result, access,
        evenings::{self, EveningRow},
        invites,
        locks::{LockRank, lock_row},
        login,
        outbox::{self, NewMail, Template},
        people::PersonRow,
        slots::{self, OfferedClass},
        sql_types::{Key, at, key},
        webhooks::{self, EventType, News},
    },
};

/// Makes appointments, all or none. A class is booked once, but by staff beside an appointment that
/// has begun or has a record.
///
/// # Errors
/// [`Error::Lost`] with every one that can't be had; the refusals of the window and of what is
/// offered.
pub fn make(
    db: &mut Db,
    ctx: &Context,
    evening: &EveningRow,
    acting: &Acting,
    wanted: &[NewBooking],
) -> Result<Vec<Booking>> {
    // In the order in which every change holds them: first the parent, then the evening.
    lock_row(db, LockRank::Person, acting.parent)?;
    let evening = &evenings::lock_for_share(db, evening.id())?;
    acting.check_window(evening, ctx.now)?;
    if wanted.is_empty() {
        return Err(Refusal::NothingChosen.into());
    }
    let timing = evening.timing()?;
    let students = access::students_of(db, acting.parent)?;
    let ids: Vec<Key> = students.iter().map(|student| student.id).collect();
    let offered = slots::offered_of(
        db,
        evening,
        &ids,
        &wanted.iter().map(|booking| key(booking.class)).collect(),
    )?;
    let mut chosen = Vec::with_capacity(wanted.len());
    for booking in wanted {
        let classes = offered.get(&key(booking.student)).ok_or(Refusal::ClassNotOffered)?;
        let class = classes
            .iter()
            .find(|class| class.id == booking.class)
            .ok_or(Refusal::ClassNotOffered)?;
        timing.check_slot(booking.starts_at)?;
        chosen.push((*booking, class));
    }
    // Staff alone make another appointment of a class beside one that keeps its time.
    let begun =
        if acting.is_staff { begun(db, evening, acting.parent, ctx.now)? } else { BTreeMap::new() };
    let aside = Aside { begun: begun.values().copied().collect(), ..Aside::default() };
    let lost = lost(db, evening, acting.parent, &chosen, timing.slot_length(), &aside)?;
    if !lost.is_empty() {
        return Err(Error::Lost(lost));
    }
    set_repeated(db, ctx, &begun, chosen.iter().map(|(booking, _)| *booking))?;
    let mut rows = Vec::with_capacity(chosen.len());
    let mut all_claims = Vec::new();
    for (booking, class) in &chosen {
        let row = insert(db, ctx, evening, acting, *booking, class, timing.slot_length())?;
        all_claims.extend(claims_of(
            row.id.into(),
            acting.parent,
            *booking,
            class,
            timing.slot_length(),
        ));
        rows.push(row);
    }
    insert_claims(db, all_claims)?;
    let names: BTreeMap<Key, &PersonRow> =
        students.iter().map(|student| (student.id, student)).collect();
    for (booking, class) in &chosen {
        let student =
            names.get(&key(booking.student)).map(|student| student.name()).unwrap_or_default();
        let summary = format!(
            "Booked {} with {} about {student}.",
            when(evening, booking.starts_at),
            teacher_names(&class.teachers)
        );
        record(db, ctx, evening, acting, booking.student, "booking_made", summary)?;
    }
    let mail = NewMail {
        person: Some(acting.parent),
        evening: Some(evening.id()),
        ..NewMail::new(evening.school(), Template::BookingsMade)
    };
    let login_link = login::standing(db, ctx, acting.parent, evening)?;
    outbox::enqueue(db, ctx, NewMail { login_link, ..mail })?;
    let news: Vec<News> = rows
        .iter()
        .map(|row| News::booking(EventType::BookingCreated, row.id.into(), evening.id()))
        .collect();
    webhooks::tell(db, ctx, evening.school(), &news)?;
    let starts: Vec<DateTime<Utc>> = chosen.iter().map(|(booking, _)| booking.starts_at).collect();
    tell_guests(
        db,
        ctx,
        evening,
        acting,
        &chosen.iter().map(|(booking, _)| booking.student).collect(),
        &starts,
    )?;
    let mut guests = invites::guest_names(db, &rows)?;
    let made = rows.into_iter().zip(chosen).filter_map(|(row, (_, class))| {
        let guests =
            guests.remove(&(row.evening_id, row.parent_id, row.student_id)).unwrap_or_default();
        let student = (*names.get(&row.student_id)?).clone();
        Some(Booking {
            student,
            teachers: class.teachers.clone(),
            subject: class.subject.clone(),
            guests,
            stranded: None,
            row,
        })
    });
    Ok(made.collect())
}

fn insert(
    db: &mut Db,
    ctx: &Context,
    evening: &EveningRow,
    acting: &Acting,
    booking: NewBooking,
    class: &OfferedClass,
    length: TimeDelta,
) -> Result<BookingRow> {
    let row = BookingRow {
        id: key(ctx.new_id::<BookingId>()),
        school_id: evening.school_id,
        evening_id: evening.id,
        parent_id: key(acting.parent),
        student_id: key(booking.student),
        class_id: key(class.id),
        starts_at: at(booking.starts_at),
        ends_at: at(booking.starts_at + length),
        video: class.video,
        sequence: 0,
        cancelled_at: None,
    };
    let by = bookings::created_by.eq(key(acting.actor.person.unwrap_or(acting.parent)));
    let values =
        (&row, by, bookings::created_at.eq(at(ctx.now)), bookings::changed_at.eq(at(ctx.now)));
    each!(db, conn => diesel::insert_into(bookings::table).values(values).execute(conn))
        .map_err(Error::raced)?;
    insert_teachers(db, row.id, &class.teachers)?;
    Ok(row)
}

/// `Mrs Anita Abell and Mr Geraint Davies`.
fn teacher_names(teachers: &[PersonRow]) -> String {
    teachers.iter().map(PersonRow::formal_name).collect::<Vec<_>>().join(" and ")
}
