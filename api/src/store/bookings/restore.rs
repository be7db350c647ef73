//! Restoration of appointments that an import ended: at the old time, if it is still free, and with
//! a higher iCalendar SEQUENCE.

use std::collections::BTreeSet;

use diesel::prelude::*;
use parlour_domain::{
    evening::State,
    id::{InviteId, PersonId},
    restoration::NotRestored,
};

use super::{
    BookingRow, NewBooking, OnBehalfOf,
    claims::{claims_of, insert_claims},
    record, stranded_class, when,
};
use crate::{
    context::Context,
    schema::{booking_teachers, bookings, people},
    store::{
        Db, Error, Result, access,
        evenings::{self, EveningRow},
        events::Actor,
        invites,
        locks::{self, LockRank, lock_row},
        login,
        outbox::{self, NewMail, Template},
        sql_types::{At, Key, at},
        webhooks::{self, EventType, WebhookEvent},
    },
};

/// Restores an appointment that ended at `ended_at`. The caller has already locked its parent.
///
/// # Errors
/// Errors of the database.
pub fn restore(
    db: &mut Db,
    ctx: &Context,
    id: Key,
    ended_at: At,
    actor: &Actor,
) -> Result<std::result::Result<BookingRow, NotRestored>> {
    lock_row(db, LockRank::Booking, id)?;
    let row: BookingRow = bookings::table.find(id).select(BookingRow::as_select()).first(db)?;
    match row.cancelled_at {
        None => return Ok(Err(NotRestored::AlreadyThere)),
        Some(cancelled_at) if cancelled_at != ended_at => return Ok(Err(NotRestored::EndedAgain)),
        Some(_) => {}
    }
    let evening = evenings::lock_for_share(db, row.evening_id.into())?;
    if *row.starts_at <= ctx.now || evening.state() == State::Draft {
        return Ok(Err(NotRestored::Over));
    }
    if !may_act(db, row.parent_id, &[row.student_id])? {
        return Ok(Err(NotRestored::NoAccess));
    }
    let teachers: i64 = booking_teachers::table
        .filter(booking_teachers::booking_id.eq(id))
        .count()
        .get_result(db)?;
    let class = stranded_class(db, id, row.class_id, row.video)?
        .filter(|class| i64::try_from(class.teachers.len()) == Ok(teachers));
    let Some(class) = class else { return Ok(Err(NotRestored::TeacherGone)) };
    let booking = NewBooking {
        student: row.student_id.into(),
        class: row.class_id.into(),
        starts_at: *row.starts_at,
    };
    let claims =
        claims_of(id.into(), row.parent_id.into(), booking, &class, *row.ends_at - *row.starts_at);
    let ended =
        bookings::table.filter(bookings::id.eq(id).and(bookings::cancelled_at.eq(Some(ended_at))));
    // The savepoint lets the constraints decide whether the time is free.
    let written = locks::savepoint(db, |db| {
        let live = (
            bookings::cancelled_at.eq(None::<At>),
            bookings::sequence.eq(bookings::sequence + 1),
            bookings::changed_at.eq(at(ctx.now)),
        );
        if diesel::update(ended).set(live).execute(db).map_err(Error::on_unique_violation)? != 1 {
            return Err(Error::UniqueViolation);
        }
        insert_claims(db, claims)
    });
    match written {
        Err(Error::UniqueViolation) => return Ok(Err(NotRestored::Taken)),
        other => other?,
    }
    let acting = OnBehalfOf { parent: row.parent_id.into(), actor: actor.clone(), is_staff: true };
    record(
        db,
        ctx,
        &evening,
        &acting,
        row.student_id.into(),
        "booking_made",
        format!("Brought back {} at {}.", class.subject, when(&evening, *row.starts_at)),
    )?;
    webhooks::enqueue(
        db,
        ctx,
        evening.school(),
        &[WebhookEvent::booking(EventType::BookingChanged, id.into(), evening.id())],
    )?;
    Ok(Ok(row))
}

/// Returns whether a person is a parent at the school who may act for all of these students.
pub fn may_act(db: &mut Db, parent: Key, students: &[Key]) -> Result<bool> {
    let here = people::table.filter(
        people::id.eq(parent).and(people::removed_at.is_null()).and(people::is_parent.eq(true)),
    );
    if here.count().get_result::<i64>(db)? == 0 {
        return Ok(false);
    }
    let allowed: BTreeSet<Key> =
        access::students_of(db, parent.into())?.into_iter().map(|student| student.id).collect();
    Ok(students.iter().all(|student| allowed.contains(student)))
}

/// Mails a parent the list of their appointments, including the restored ones, and notifies the
/// guests of these students. The guests of `invited` get their link again.
///
/// # Errors
/// Errors of the database.
pub fn notify_restored(
    db: &mut Db,
    ctx: &Context,
    evening: &EveningRow,
    parent: PersonId,
    students: &BTreeSet<PersonId>,
    invited: &BTreeSet<InviteId>,
) -> Result<()> {
    if !students.is_empty() {
        let login_link = login::standing_link(db, ctx, parent, evening)?;
        let mail = NewMail {
            person: Some(parent),
            evening: Some(evening.id()),
            ..NewMail::new(evening.school(), Template::BookingsMade)
        };
        outbox::enqueue(db, ctx, NewMail { login_link, ..mail })?;
    }
    let others = invites::live_covering(db, evening.id(), parent, students)?;
    let updates = others.difference(invited).map(|invite| (*invite, Template::GuestUpdate));
    let mails: Vec<(InviteId, Template)> =
        invited.iter().map(|invite| (*invite, Template::Invite)).chain(updates).collect();
    for (invite, template) in mails {
        outbox::enqueue(
            db,
            ctx,
            NewMail {
                invite: Some(invite),
                evening: Some(evening.id()),
                ..NewMail::new(evening.school(), template)
            },
        )?;
    }
    Ok(())
}
