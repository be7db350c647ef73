//! An appointment that is made: moved, cancelled, ended.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use parlour_domain::{Refusal, id::BookingId};

use super::{
    Acting, BookingRow, Ending, NewBooking,
    began::has_begun,
    claims::{Aside, claims_of, insert_claims, lost, set_teachers},
    kept_class, record, tell_guests, when,
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
        slots::{self, OfferedClass},
        sql_types::{Key, at, key},
        webhooks::{self, EventType, News},
    },
};

/// Moves an appointment to another slot. The same slot changes nothing, unless staff give it to the
/// class's teachers, who are others by now.
///
/// # Errors
/// [`Error::Lost`] when the new time is taken, [`Refusal::BookingCancelled`],
/// [`Refusal::BookingBegan`], [`Refusal::NotASlot`], [`Refusal::ClassNotOffered`] for a stranded
/// one, the refusals of the window.
pub fn change(
    db: &mut Db,
    ctx: &Context,
    evening: &EveningRow,
    acting: &Acting,
    row: &BookingRow,
    starts_at: DateTime<Utc>,
) -> Result<()> {
    lock_row(db, LockRank::Person, acting.parent)?;
    lock_row(db, LockRank::Booking, row.id)?;
    let evening = &evenings::lock_for_share(db, evening.id())?;
    acting.check_window(evening, ctx.now)?;
    if row.cancelled_at.is_some() {
        return Err(Refusal::BookingCancelled.into());
    }
    let timing = evening.timing()?;
    timing.check_slot(starts_at)?;
    let stays = *row.starts_at == starts_at;
    if stays && !(acting.is_staff && has_other_teachers(db, evening, row)?) {
        return Ok(());
    }
    if has_begun(db, row, ctx.now)? {
        return Err(Refusal::BookingBegan.into());
    }
    let booking =
        NewBooking { student: row.student_id.into(), class: row.class_id.into(), starts_at };
    let class = &met(db, evening, acting, row)?;
    let aside = Aside { moving: Some(row.id), ..Aside::default() };
    let lost = lost(db, evening, acting.parent, &[(booking, class)], timing.slot_length(), &aside)?;
    if !lost.is_empty() {
        return Err(Error::Lost(lost));
    }
    let untouched = bookings::table.filter(
        bookings::id
            .eq(row.id)
            .and(bookings::sequence.eq(row.sequence))
            .and(bookings::cancelled_at.is_null()),
    );
    let times = (
        bookings::starts_at.eq(at(starts_at)),
        bookings::ends_at.eq(at(starts_at + timing.slot_length())),
    );
    let changes =
        (times, bookings::sequence.eq(row.sequence + 1), bookings::changed_at.eq(at(ctx.now)));
    if diesel::update(untouched).set(changes).execute(db)? != 1 {
        return Err(Error::Raced);
    }
    diesel::delete(claims::table.filter(claims::booking_id.eq(row.id))).execute(db)?;
    insert_claims(
        db,
        claims_of(row.id.into(), acting.parent, booking, class, timing.slot_length()),
    )?;
    set_teachers(db, row.id, &class.teachers)?;
    calls::close(db, ctx, row.id.into(), "booking_moved")?;
    let summary = if stays {
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
    webhooks::tell(
        db,
        ctx,
        evening.school(),
        &[News::booking(EventType::BookingChanged, row.id.into(), evening.id())],
    )?;
    let mail = NewMail {
        person: Some(acting.parent),
        evening: Some(evening.id()),
        booking: Some(row.id.into()),
        ..NewMail::new(evening.school(), Template::BookingChanged)
    };
    let login_link = login::standing(db, ctx, acting.parent, evening)?;
    outbox::enqueue(db, ctx, NewMail { login_link, ..mail })?;
    tell_guests(
        db,
        ctx,
        evening,
        acting,
        &BTreeSet::from([booking.student]),
        &[*row.starts_at, starts_at],
    )
}

/// The class as the moved appointment meets it: as it is offered now. A stranded one, whose class
/// is not offered to its student, only staff move: it keeps those of its teachers who are still at
/// the school.
fn met(
    db: &mut Db,
    evening: &EveningRow,
    acting: &Acting,
    row: &BookingRow,
) -> Result<OfferedClass> {
    if let Some(class) = offered(db, evening, row)? {
        return Ok(class);
    }
    let kept =
        if acting.is_staff { kept_class(db, row.id, row.class_id, row.video)? } else { None };
    kept.ok_or_else(|| Refusal::ClassNotOffered.into())
}

/// The class as it is offered to the student now.
fn offered(db: &mut Db, evening: &EveningRow, row: &BookingRow) -> Result<Option<OfferedClass>> {
    let offered =
        slots::offered_of(db, evening, &[row.student_id], &BTreeSet::from([row.class_id]))?
            .remove(&row.student_id);
    Ok(offered.into_iter().flatten().find(|class| key(class.id) == row.class_id))
}

/// Whether the class is taught by others than the appointment is with.
fn has_other_teachers(db: &mut Db, evening: &EveningRow, row: &BookingRow) -> Result<bool> {
    let with: Vec<Key> = booking_teachers::table
        .filter(booking_teachers::booking_id.eq(row.id))
        .select(booking_teachers::teacher_id)
        .load(db)?;
    let with: BTreeSet<Key> = with.into_iter().collect();
    Ok(offered(db, evening, row)?.is_some_and(|class| {
        class.teachers.iter().map(|teacher| teacher.id).collect::<BTreeSet<_>>() != with
    }))
}

/// Cancels an appointment; one cancelled before stays so.
///
/// # Errors
/// The refusals of the window.
pub fn cancel(
    db: &mut Db,
    ctx: &Context,
    evening: &EveningRow,
    acting: &Acting,
    row: &BookingRow,
) -> Result<()> {
    if row.cancelled_at.is_some() {
        return Ok(());
    }
    // Whoever closes the evening meanwhile is waited for.
    lock_row(db, LockRank::Booking, row.id)?;
    acting.check_window(&evenings::lock_for_share(db, evening.id())?, ctx.now)?;
    let ending = if acting.is_staff { Ending::CancelledBySchool } else { Ending::Cancelled };
    end(db, ctx, row.id.into(), &acting.actor, ending)
}

/// Ends a booking: its claims are free at once, and those concerned are told.
///
/// # Errors
/// When the database fails.
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
    let acting = Acting {
        parent: row.parent_id.into(),
        actor: actor.clone(),
        is_staff: ending != Ending::Cancelled,
    };
    // Who loses access is put out of all their calls at once, by whoever takes it.
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
    webhooks::tell(
        db,
        ctx,
        evening.school(),
        &[News::booking(EventType::BookingCancelled, booking, evening.id())],
    )?;
    // Who loses access is told of all their appointments at once, by whoever takes it.
    if ending != Ending::AccessLost {
        let mail = NewMail {
            person: Some(acting.parent),
            evening: Some(evening.id()),
            booking: Some(booking),
            ..NewMail::new(evening.school(), Template::BookingCancelled)
        };
        let login_link = login::standing(db, ctx, acting.parent, &evening)?;
        outbox::enqueue(db, ctx, NewMail { login_link, ..mail })?;
        tell_guests(
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
