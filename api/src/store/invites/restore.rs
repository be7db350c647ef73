//! Restoring an invite that an import ended; its link works again.

use diesel::prelude::*;
use parlour_domain::restoration::NotRestored;

use super::{InviteRow, evening_of};
use crate::{
    context::Context,
    schema::{invite_students, invites, suppressions},
    store::{
        Db, Error, Result, access,
        bookings::may_act,
        events::{self, Actor, NewEvent},
        locks::{self, LockRank, lock_row},
        sessions,
        sql_types::{At, Key},
        webhooks::{self, EventType, WebhookEvent},
    },
};

/// Restores an invite that ended at `ended_at`. The caller must have locked its parent.
///
/// # Errors
/// Errors of the database.
pub fn restore(
    db: &mut Db,
    ctx: &Context,
    id: Key,
    ended_at: At,
    actor: &Actor,
) -> Result<std::result::Result<InviteRow, NotRestored>> {
    lock_row(db, LockRank::Invite, id)?;
    let row: InviteRow = invites::table.find(id).select(InviteRow::as_select()).first(db)?;
    match row.ended_at {
        None => return Ok(Err(NotRestored::AlreadyThere)),
        Some(at) if at != ended_at => return Ok(Err(NotRestored::EndedAgain)),
        Some(_) => {}
    }
    let evening = evening_of(db, &row)?;
    if *evening.ends_at <= ctx.now {
        return Ok(Err(NotRestored::Over));
    }
    let covered = invite_students::table.filter(
        invite_students::invite_id.eq(id).and(invite_students::ended_at.eq(Some(ended_at))),
    );
    let students: Vec<Key> = covered.select(invite_students::student_id).load(db)?;
    if !may_act(db, row.parent_id, &students)? {
        return Ok(Err(NotRestored::NoAccess));
    }
    if !access::students_barred_for_address(db, evening.school(), &students, &row.bar_key)?
        .is_empty()
    {
        return Ok(Err(NotRestored::Barred));
    }
    let suppressed = suppressions::table.filter(
        suppressions::school_id.eq(row.school_id).and(suppressions::bar_key.eq(&row.bar_key)),
    );
    if suppressed.count().get_result::<i64>(db)? > 0 {
        return Ok(Err(NotRestored::Suppressed));
    }
    // A savepoint, because the unique constraint decides whether another guest was invited
    // meanwhile.
    let written = locks::savepoint(db, |db| {
        let ended =
            invites::table.filter(invites::id.eq(id).and(invites::ended_at.eq(Some(ended_at))));
        let live = (invites::ended_at.eq(None::<At>), invites::ended_reason.eq(None::<String>));
        if diesel::update(ended).set(live).execute(db)? != 1 {
            return Err(Error::UniqueViolation);
        }
        // The guest's calendar has received a CANCEL, so later updates need a higher sequence.
        let back = (
            invite_students::ended_at.eq(None::<At>),
            invite_students::restorations.eq(invite_students::restorations + 1),
        );
        diesel::update(covered).set(back).execute(db).map_err(Error::on_unique_violation)?;
        Ok(())
    });
    match written {
        Err(Error::UniqueViolation) => return Ok(Err(NotRestored::OtherGuest)),
        other => other?,
    }
    sessions::forget_guests(db, id.into())?;
    let summary = format!("Brought back {}’s invite.", row.name);
    let (school, parent) = (evening.school(), Some(row.parent_id.into()));
    events::record(
        db,
        ctx,
        &NewEvent {
            school,
            evening: Some(evening.id()),
            parent,
            student: None,
            action: "invite_resent",
            summary,
            actor,
        },
    )?;
    webhooks::enqueue(
        db,
        ctx,
        school,
        &[WebhookEvent::invite(EventType::InviteCreated, id.into(), evening.id())],
    )?;
    Ok(Ok(row))
}
