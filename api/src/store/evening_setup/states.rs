//! State changes of an evening: publishing or deleting a draft, closing and reopening a published
//! one.

use diesel::prelude::*;
use parlour_domain::{
    Refusal,
    evening::State,
    id::{EveningId, SchoolId},
};

use super::{LockedEvening, classes_of, lock_evening, record, settings::classes_taking_part};
use crate::{
    context::Context,
    schema::{
        evening_classes, evening_left_out, evenings, events as events_table, webhook_deliveries,
    },
    store::{
        Db, Error, Result,
        events::{self, Actor},
        sql_types::{At, Key, at},
        webhooks::{self, WebhookEvent},
    },
};

/// Publishes a draft, or reopens a closed evening while its booking window lasts. Does nothing if
/// the evening is published already.
///
/// # Errors
/// [`Error::NotFound`], [`Refusal::EveningOver`], [`Refusal::NoClassTakesPart`],
/// [`Refusal::BookingClosed`].
pub fn publish(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    evening: EveningId,
    actor: &Actor,
) -> Result<()> {
    let LockedEvening { stored, .. } = lock_evening(db, school, evening)?;
    let row = &stored.row;
    if stored.state() == State::Published {
        return Ok(());
    }
    if *row.ends_at <= ctx.now {
        return Err(Refusal::EveningOver.into());
    }
    if stored.state() == State::Draft {
        check_classes(db, school, row.id)?;
        publish_draft(db, ctx, school, row.id, actor)?;
        return Ok(());
    }
    if *row.booking_closes_at <= ctx.now {
        return Err(Refusal::BookingClosed.into());
    }
    let closed = evenings::table.find(row.id).filter(evenings::closed_at.is_not_null());
    if diesel::update(closed).set(evenings::closed_at.eq(None::<At>)).execute(db)? == 1 {
        record(
            db,
            ctx,
            school,
            evening,
            actor,
            "evening_reopened",
            format!("Opened {} for booking again.", row.title),
        )?;
    }
    Ok(())
}

/// Publishes an evening without checking its classes; returns whether it was a draft.
pub(super) fn publish_draft(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    evening: Key,
    actor: &Actor,
) -> Result<bool> {
    let draft = evenings::table.find(evening).filter(evenings::published_at.is_null());
    let is_new =
        diesel::update(draft).set(evenings::published_at.eq(Some(at(ctx.now)))).execute(db)? == 1;
    if is_new {
        let title: String = evenings::table.find(evening).select(evenings::title).first(db)?;
        record(
            db,
            ctx,
            school,
            evening.into(),
            actor,
            "evening_published",
            format!("Published {title}."),
        )?;
    }
    Ok(is_new)
}

/// Ends booking, changing and cancelling by parents at once. Appointments, invites and calls stay,
/// and staff may still do all of it.
///
/// # Errors
/// [`Error::NotFound`], [`Refusal::EveningNotPublished`], [`Refusal::EveningOver`].
pub fn close(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    evening: EveningId,
    actor: &Actor,
) -> Result<()> {
    let LockedEvening { stored, .. } = lock_evening(db, school, evening)?;
    match stored.state() {
        State::Draft => return Err(Refusal::EveningNotPublished.into()),
        State::Closed => return Ok(()),
        State::Published if *stored.row.ends_at <= ctx.now => {
            return Err(Refusal::EveningOver.into());
        }
        State::Published => {}
    }
    let open = evenings::table
        .find(stored.row.id)
        .filter(evenings::published_at.is_not_null().and(evenings::closed_at.is_null()));
    if diesel::update(open).set(evenings::closed_at.eq(Some(at(ctx.now)))).execute(db)? == 1 {
        record(
            db,
            ctx,
            school,
            evening,
            actor,
            "evening_closed",
            format!("Closed {} for booking.", stored.row.title),
        )?;
    }
    Ok(())
}

/// Deletes a draft; a draft has no bookings.
///
/// # Errors
/// [`Error::NotFound`], [`Refusal::EveningPublished`].
pub fn delete(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    evening: EveningId,
    actor: &Actor,
) -> Result<()> {
    let LockedEvening { stored, .. } = lock_evening(db, school, evening)?;
    if stored.state() != State::Draft {
        return Err(Refusal::EveningPublished.into());
    }
    let id = stored.row.id;
    diesel::delete(evening_classes::table.filter(evening_classes::evening_id.eq(id)))
        .execute(db)?;
    diesel::delete(evening_left_out::table.filter(evening_left_out::evening_id.eq(id)))
        .execute(db)?;
    // Audit events and webhook deliveries stay: they name the evening by title and by the subject's
    // id.
    diesel::update(events_table::table.filter(events_table::evening_id.eq(id)))
        .set(events_table::evening_id.eq(None::<Key>))
        .execute(db)?;
    let told = webhook_deliveries::table.filter(webhook_deliveries::evening_id.eq(id));
    diesel::update(told).set(webhook_deliveries::evening_id.eq(None::<Key>)).execute(db)?;
    if diesel::delete(evenings::table.find(id).filter(evenings::published_at.is_null()))
        .execute(db)?
        != 1
    {
        return Err(Error::UniqueViolation);
    }
    webhooks::enqueue(db, ctx, school, &[WebhookEvent::evening_deleted(evening)])?;
    let summary = format!("Deleted the draft {}.", stored.row.title);
    events::record_for_school(db, ctx, school, actor, "evening_deleted", summary)
}

/// Refuses an evening without a single class that has both a teacher and a student.
fn check_classes(db: &mut Db, school: SchoolId, evening: Key) -> Result<()> {
    let chosen = classes_taking_part(db, evening)?;
    let lives = classes_of(db, school)?
        .iter()
        .any(|class| chosen.contains_key(&class.id) && class.teachers > 0 && class.students > 0);
    if lives { Ok(()) } else { Err(Refusal::NoClassTakesPart.into()) }
}
