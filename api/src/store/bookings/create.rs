//! Creation of bookings: all requested appointments are booked, or none.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use diesel::prelude::*;
use parlour_domain::{
    Refusal,
    booking::{Bookable, BookingSituation, NewBooking, Offer, Terms, decide_booking},
    id::BookingId,
};

use super::{
    Booking, BookingRow, OnBehalfOf,
    claims::{claims_of, claims_on, insert_claims, insert_teachers},
    notify_guests,
    own::{own_bookings, set_repeated},
    record, refused, when,
};
use crate::{
    context::Context,
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
        webhooks::{self, EventType, WebhookEvent},
    },
    with_conn,
};

/// The classes offered to each student.
type Offered = BTreeMap<Key, Vec<OfferedClass>>;

/// An appointment to be booked, with its class.
type Chosen<'a> = (NewBooking, &'a OfferedClass);

/// Books appointments, all or none, if [`decide_booking`] allows it.
///
/// # Errors
/// [`Error::NotFound`] for a draft; [`Error::BookingsLost`] with every appointment that can't be
/// booked; the refusals of [`decide_booking`].
pub fn create(
    db: &mut Db,
    ctx: &Context,
    evening: &EveningRow,
    acting: &OnBehalfOf,
    wanted: &[NewBooking],
) -> Result<Vec<Booking>> {
    // The locks are taken in the order of every change: the parent, then the evening.
    lock_row(db, LockRank::Person, acting.parent)?;
    let evening = &evenings::lock_for_share(db, evening.id())?;
    let terms = acting.terms(evening)?;
    let students = access::students_of(db, acting.parent)?;
    let offered = slots::offered_of(
        db,
        evening,
        &students.iter().map(|student| student.id).collect::<Vec<_>>(),
        &wanted.iter().map(|booking| key(booking.class)).collect(),
    )?;
    let situation = situation(db, evening, acting, terms, &offered, wanted)?;
    let bookable =
        decide_booking(wanted, &situation, ctx.now).map_err(|error| refused(error, evening))?;
    for repeated in bookable.iter().filter_map(|one| one.repeats) {
        set_repeated(db, ctx, repeated)?;
    }
    let chosen = chosen(&bookable, &offered)?;
    let rows = insert_all(db, ctx, evening, acting, &chosen, terms.timing.slot_length())?;
    let names: BTreeMap<Key, &PersonRow> =
        students.iter().map(|student| (student.id, student)).collect();
    record_made(db, ctx, evening, acting, &chosen, &names)?;
    tell_made(db, ctx, evening, acting, &rows)?;
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

/// Loads the situation on which [`decide_booking`] decides.
fn situation(
    db: &mut Db,
    evening: &EveningRow,
    acting: &OnBehalfOf,
    terms: Terms,
    offered: &Offered,
    wanted: &[NewBooking],
) -> Result<BookingSituation> {
    let offers: Vec<Offer> = offered
        .iter()
        .flat_map(|(student, classes)| {
            classes.iter().map(|class| Offer {
                student: (*student).into(),
                class: class.id,
                teachers: class.teachers.iter().map(PersonRow::id).collect(),
            })
        })
        .collect();
    let is_wanted = |offer: &&Offer| {
        wanted.iter().any(|one| one.student == offer.student && one.class == offer.class)
    };
    let concerned: BTreeSet<Key> = offers
        .iter()
        .filter(is_wanted)
        .flat_map(|offer| offer.teachers.iter().chain([&offer.student, &acting.parent]))
        .map(|person| key(*person))
        .collect();
    let starts = wanted.iter().map(|one| one.starts_at);
    let claims = claims_on(db, concerned, starts, terms.timing.slot_length(), None)?;
    let own = own_bookings(db, evening, acting)?;
    Ok(BookingSituation { terms, parent: acting.parent, offers, own, claims })
}

/// Pairs each appointment with its class.
fn chosen<'a>(bookable: &[Bookable], offered: &'a Offered) -> Result<Vec<Chosen<'a>>> {
    let with_class = |one: &Bookable| {
        let classes = offered.get(&key(one.booking.student)).map(Vec::as_slice).unwrap_or_default();
        let class = classes.iter().find(|class| class.id == one.booking.class);
        class.map(|class| (one.booking, class)).ok_or(Error::Refused(Refusal::ClassNotOffered))
    };
    bookable.iter().map(with_class).collect()
}

fn insert_all(
    db: &mut Db,
    ctx: &Context,
    evening: &EveningRow,
    acting: &OnBehalfOf,
    chosen: &[Chosen<'_>],
    length: TimeDelta,
) -> Result<Vec<BookingRow>> {
    let mut rows = Vec::with_capacity(chosen.len());
    let mut all_claims = Vec::new();
    for (booking, class) in chosen {
        let row = insert(db, ctx, evening, acting, *booking, class, length)?;
        all_claims.extend(claims_of(row.id.into(), acting.parent, *booking, class, length));
        rows.push(row);
    }
    insert_claims(db, all_claims)?;
    Ok(rows)
}

fn insert(
    db: &mut Db,
    ctx: &Context,
    evening: &EveningRow,
    acting: &OnBehalfOf,
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
    with_conn!(db, conn => diesel::insert_into(bookings::table).values(values).execute(conn))
        .map_err(Error::on_unique_violation)?;
    insert_teachers(db, row.id, &class.teachers)?;
    Ok(row)
}

fn record_made(
    db: &mut Db,
    ctx: &Context,
    evening: &EveningRow,
    acting: &OnBehalfOf,
    chosen: &[Chosen<'_>],
    names: &BTreeMap<Key, &PersonRow>,
) -> Result<()> {
    for (booking, class) in chosen {
        let student =
            names.get(&key(booking.student)).map(|student| student.name()).unwrap_or_default();
        let summary = format!(
            "Booked {} with {} about {student}.",
            when(evening, booking.starts_at),
            teacher_names(&class.teachers)
        );
        record(db, ctx, evening, acting, booking.student, "booking_made", summary)?;
    }
    Ok(())
}

/// Notifies the parent, the school's webhooks and the guests.
fn tell_made(
    db: &mut Db,
    ctx: &Context,
    evening: &EveningRow,
    acting: &OnBehalfOf,
    rows: &[BookingRow],
) -> Result<()> {
    let mail = NewMail {
        person: Some(acting.parent),
        evening: Some(evening.id()),
        ..NewMail::new(evening.school(), Template::BookingsMade)
    };
    let login_link = login::standing_link(db, ctx, acting.parent, evening)?;
    outbox::enqueue(db, ctx, NewMail { login_link, ..mail })?;
    let news: Vec<WebhookEvent> = rows
        .iter()
        .map(|row| WebhookEvent::booking(EventType::BookingCreated, row.id.into(), evening.id()))
        .collect();
    webhooks::enqueue(db, ctx, evening.school(), &news)?;
    let students = rows.iter().map(|row| row.student_id.into()).collect();
    let starts: Vec<_> = rows.iter().map(|row| *row.starts_at).collect();
    notify_guests(db, ctx, evening, acting, &students, &starts)
}

/// Joins the teachers' names, such as `Mrs Anita Abell and Mr Geraint Davies`.
fn teacher_names(teachers: &[PersonRow]) -> String {
    teachers.iter().map(PersonRow::formal_name).collect::<Vec<_>>().join(" and ")
}
