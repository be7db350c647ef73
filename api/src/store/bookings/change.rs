//! Changes of a booking: move, cancel and end.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use parlour_domain::{
    Refusal,
    booking::{Cancel, Move, MoveSituation, NewBooking, OwnBooking, decide_cancel, decide_move},
    id::{BookingId, PersonId},
};

use super::{
    BookingRow, Ending, OnBehalfOf,
    claims::{claims_of, claims_on, insert_claims, set_teachers},
    notify_guests,
    own::{has_record, own_bookings},
    record, refused, stranded_class, when,
};
use crate::{
    context::Context,
    schema::{booking_teachers, bookings, claims, classes},
    store::{
        Db, Error, Result, calls,
        evenings::{self, EveningRow},
        events::Actor,
        locks::{LockRank, lock_row},
        login,
        outbox::{self, NewMail, Template},
        people::PersonRow,
        slots::{self, OfferedClass},
        sql_types::{Key, at, key},
        webhooks::{self, EventType, WebhookEvent},
    },
};

/// Moves an appointment to another slot if [`decide_move`] allows it.
///
/// # Errors
/// [`Error::BookingsLost`] when the new time is taken; the refusals of [`decide_move`].
pub fn change(
    db: &mut Db,
    ctx: &Context,
    evening: &EveningRow,
    acting: &OnBehalfOf,
    row: &BookingRow,
    starts_at: DateTime<Utc>,
) -> Result<()> {
    // The locks are taken in the order of every change: the parent, then the booking, then the
    // evening.
    lock_row(db, LockRank::Person, acting.parent)?;
    lock_row(db, LockRank::Booking, row.id)?;
    let evening = &evenings::lock_for_share(db, evening.id())?;
    let offered = offered(db, evening, row)?;
    // Staff may move a stranded appointment, whose class is no longer offered.
    let kept = if offered.is_none() && acting.is_staff {
        stranded_class(db, row.id, row.class_id, row.video)?
    } else {
        None
    };
    let situation =
        situation(db, evening, acting, row, starts_at, (offered.as_ref(), kept.as_ref()))?;
    let moves =
        decide_move(starts_at, &situation, ctx.now).map_err(|error| refused(error, evening))?;
    if moves == Move::Nothing {
        return Ok(());
    }
    let class = &offered.or(kept).ok_or(Refusal::ClassNotOffered)?;
    write_move(db, ctx, acting, row, class, starts_at, situation.terms.timing.slot_length())?;
    let summary = if moves == Move::OtherTeachers {
        format!(
            "Gave {} at {} to the teachers whom the class has now.",
            class.subject,
            when(evening, starts_at)
        )
    } else {
        format!(
            "Moved {} from {} to {}.",
            class.subject,
            when(evening, *row.starts_at),
            when(evening, starts_at)
        )
    };
    record(db, ctx, evening, acting, row.student_id.into(), "booking_changed", summary)?;
    tell_moved(db, ctx, evening, acting, row, starts_at)
}

/// Loads the situation on which [`decide_move`] decides. The pair holds the class as it is offered,
/// and the class that a stranded appointment keeps.
fn situation(
    db: &mut Db,
    evening: &EveningRow,
    acting: &OnBehalfOf,
    row: &BookingRow,
    starts_at: DateTime<Utc>,
    (offered, kept): (Option<&OfferedClass>, Option<&OfferedClass>),
) -> Result<MoveSituation> {
    let terms = acting.terms(evening)?;
    let teachers = |class: &OfferedClass| class.teachers.iter().map(PersonRow::id).collect();
    let offered: Option<BTreeSet<PersonId>> = offered.map(teachers);
    let still_there: BTreeSet<PersonId> = kept.map(teachers).unwrap_or_default();
    let concerned = offered.iter().flatten().chain(&still_there).map(|person| key(*person));
    let concerned = concerned.chain([row.parent_id, row.student_id]).collect();
    let length = terms.timing.slot_length();
    let claims = claims_on(db, concerned, std::iter::once(starts_at), length, Some(row.id))?;
    let mut others = own_bookings(db, evening, acting)?;
    others.retain(|own| key(own.id) != row.id);
    let booking = OwnBooking {
        id: row.id.into(),
        student: row.student_id.into(),
        class: row.class_id.into(),
        starts_at: *row.starts_at,
        has_record: has_record(db, row.id)?,
    };
    Ok(MoveSituation {
        terms,
        parent: acting.parent,
        booking,
        is_cancelled: row.cancelled_at.is_some(),
        teachers: teachers_of(db, row.id)?,
        offered,
        still_there,
        others,
        claims,
    })
}

/// Writes the new time and teachers, and closes the call of the old time.
fn write_move(
    db: &mut Db,
    ctx: &Context,
    acting: &OnBehalfOf,
    row: &BookingRow,
    class: &OfferedClass,
    starts_at: DateTime<Utc>,
    length: TimeDelta,
) -> Result<()> {
    let untouched = bookings::table.filter(
        bookings::id
            .eq(row.id)
            .and(bookings::sequence.eq(row.sequence))
            .and(bookings::cancelled_at.is_null()),
    );
    let times =
        (bookings::starts_at.eq(at(starts_at)), bookings::ends_at.eq(at(starts_at + length)));
    let changes =
        (times, bookings::sequence.eq(row.sequence + 1), bookings::changed_at.eq(at(ctx.now)));
    if diesel::update(untouched).set(changes).execute(db)? != 1 {
        return Err(Error::UniqueViolation);
    }
    diesel::delete(claims::table.filter(claims::booking_id.eq(row.id))).execute(db)?;
    let moved =
        NewBooking { student: row.student_id.into(), class: row.class_id.into(), starts_at };
    insert_claims(db, claims_of(row.id.into(), acting.parent, moved, class, length))?;
    set_teachers(db, row.id, &class.teachers)?;
    calls::close(db, ctx, row.id.into(), "booking_moved")
}

/// Notifies the school's webhooks, the parent and the guests.
fn tell_moved(
    db: &mut Db,
    ctx: &Context,
    evening: &EveningRow,
    acting: &OnBehalfOf,
    row: &BookingRow,
    starts_at: DateTime<Utc>,
) -> Result<()> {
    webhooks::enqueue(
        db,
        ctx,
        evening.school(),
        &[WebhookEvent::booking(EventType::BookingChanged, row.id.into(), evening.id())],
    )?;
    let mail = NewMail {
        person: Some(acting.parent),
        evening: Some(evening.id()),
        booking: Some(row.id.into()),
        ..NewMail::new(evening.school(), Template::BookingChanged)
    };
    let login_link = login::standing_link(db, ctx, acting.parent, evening)?;
    outbox::enqueue(db, ctx, NewMail { login_link, ..mail })?;
    let students = BTreeSet::from([row.student_id.into()]);
    notify_guests(db, ctx, evening, acting, &students, &[*row.starts_at, starts_at])
}

/// Returns the class if it is offered to the student now.
fn offered(db: &mut Db, evening: &EveningRow, row: &BookingRow) -> Result<Option<OfferedClass>> {
    let offered =
        slots::offered_of(db, evening, &[row.student_id], &BTreeSet::from([row.class_id]))?
            .remove(&row.student_id);
    Ok(offered.into_iter().flatten().find(|class| key(class.id) == row.class_id))
}

/// Returns the teachers of the appointment.
fn teachers_of(db: &mut Db, booking: Key) -> Result<BTreeSet<PersonId>> {
    let with: Vec<Key> = booking_teachers::table
        .filter(booking_teachers::booking_id.eq(booking))
        .select(booking_teachers::teacher_id)
        .load(db)?;
    Ok(with.into_iter().map(Into::into).collect())
}

/// Cancels an appointment. Cancelling it again changes nothing.
///
/// # Errors
/// The refusals of [`decide_cancel`], such as a closed booking window; [`Error::NotFound`] for a
/// draft.
pub fn cancel(
    db: &mut Db,
    ctx: &Context,
    evening: &EveningRow,
    acting: &OnBehalfOf,
    row: &BookingRow,
) -> Result<()> {
    // The locks wait for a transaction that closes the evening. The booking is locked first, as in
    // every change.
    lock_row(db, LockRank::Booking, row.id)?;
    let terms = acting.terms(&evenings::lock_for_share(db, evening.id())?)?;
    match decide_cancel(&terms, row.cancelled_at.is_some(), ctx.now)? {
        Cancel::Nothing => Ok(()),
        Cancel::Ends => {
            let ending =
                if acting.is_staff { Ending::CancelledBySchool } else { Ending::Cancelled };
            end(db, ctx, row.id.into(), &acting.actor, ending)
        }
    }
}

/// Ends a booking: its claims are freed at once, and the webhooks, the parent and the guests are
/// notified.
///
/// # Errors
/// Errors of the database.
pub fn end(
    db: &mut Db,
    ctx: &Context,
    booking: BookingId,
    actor: &Actor,
    ending: Ending,
) -> Result<()> {
    let live =
        bookings::table.filter(bookings::id.eq(key(booking)).and(bookings::cancelled_at.is_null()));
    let cancelled = (
        bookings::cancelled_at.eq(Some(at(ctx.now))),
        bookings::sequence.eq(bookings::sequence + 1),
        bookings::changed_at.eq(at(ctx.now)),
    );
    if diesel::update(live).set(cancelled).execute(db)? != 1 {
        return Ok(());
    }
    diesel::delete(claims::table.filter(claims::booking_id.eq(key(booking)))).execute(db)?;
    let row: BookingRow =
        bookings::table.find(key(booking)).select(BookingRow::as_select()).first(db)?;
    let evening = evenings::find(db, row.school_id.into(), row.evening_id.into())?;
    let subject: String = classes::table.find(row.class_id).select(classes::subject).first(db)?;
    let action = if ending == Ending::AccessLost { "access_ended" } else { "booking_cancelled" };
    let acting = OnBehalfOf {
        parent: row.parent_id.into(),
        actor: actor.clone(),
        is_staff: ending != Ending::Cancelled,
    };
    // When access is lost, the caller removes the person from all their calls at once.
    if ending != Ending::AccessLost {
        calls::close(db, ctx, booking, action)?;
    }
    record(
        db,
        ctx,
        &evening,
        &acting,
        row.student_id.into(),
        action,
        format!("Cancelled {subject} at {}.", when(&evening, *row.starts_at)),
    )?;
    webhooks::enqueue(
        db,
        ctx,
        evening.school(),
        &[WebhookEvent::booking(EventType::BookingCancelled, booking, evening.id())],
    )?;
    // When access is lost, the caller sends one mail about all appointments.
    if ending != Ending::AccessLost {
        let mail = NewMail {
            person: Some(acting.parent),
            evening: Some(evening.id()),
            booking: Some(booking),
            ..NewMail::new(evening.school(), Template::BookingCancelled)
        };
        let login_link = login::standing_link(db, ctx, acting.parent, &evening)?;
        outbox::enqueue(db, ctx, NewMail { login_link, ..mail })?;
        notify_guests(
            db,
            ctx,
            &evening,
            &acting,
            &BTreeSet::from([row.student_id.into()]),
            &[*row.starts_at],
        )?;
    }
    Ok(())
}
