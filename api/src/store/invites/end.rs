//! The ways in which an invite ends: the parent removes it, the guest declines it, or access is
//! lost. Its link stops working at once.

use diesel::prelude::*;
use parlour_domain::id::{EveningId, InviteId, PersonId, SchoolId};

use super::{InviteRow, record};
use crate::{
    context::Context,
    schema::{invite_students, invites, suppressions},
    store::{
        Db, Error, LinkError, Result,
        bookings::OnBehalfOf,
        calls::{self, EvictionTarget},
        evenings::EveningRow,
        events::{self, Actor, NewEvent},
        outbox::{self, NewMail, Template},
        sessions,
        sql_types::{Key, at, key},
        webhooks::{self, EventType, WebhookEvent},
    },
    with_conn,
};

/// Removes an invite (I7): its link stops working, its guest's sessions end, and its students are
/// free for another invite. Does nothing if the invite has ended before.
///
/// # Errors
/// Errors of the database.
pub fn remove(
    db: &mut Db,
    ctx: &Context,
    evening: &EveningRow,
    acting: &OnBehalfOf,
    invite: &InviteRow,
) -> Result<()> {
    if !end(db, ctx, invite.id.into(), "removed")? {
        return Ok(());
    }
    put_guest_out(db, ctx, invite.id)?;
    outbox::enqueue(
        db,
        ctx,
        NewMail {
            invite: Some(invite.id.into()),
            evening: Some(evening.id()),
            ..NewMail::new(evening.school(), Template::InviteRemoved)
        },
    )?;
    record(db, ctx, evening, acting, "invite_removed", format!("Removed {}’s invite.", invite.name))
}

/// Declines an invite ("This was not meant for me", I5): ends it, suppresses the address and tells
/// the parent.
///
/// # Errors
/// [`LinkError`] when the invite has ended before.
pub fn decline(db: &mut Db, ctx: &Context, invite: &InviteRow) -> Result<()> {
    if let Some(dead) = invite.dead() {
        return Err(Error::Link(dead));
    }
    if !end(db, ctx, invite.id.into(), "declined")? {
        return Err(Error::Link(LinkError::InviteRemoved));
    }
    put_guest_out(db, ctx, invite.id)?;
    let suppressed = (
        suppressions::school_id.eq(invite.school_id),
        suppressions::bar_key.eq(&invite.bar_key),
        suppressions::created_at.eq(at(ctx.now)),
    );
    with_conn!(db, conn =>
        diesel::insert_into(suppressions::table)
            .values(suppressed)
            .on_conflict_do_nothing()
            .execute(conn)
    )?;
    let (school, evening, parent) = (
        SchoolId::from(invite.school_id),
        EveningId::from(invite.evening_id),
        PersonId::from(invite.parent_id),
    );
    outbox::enqueue(
        db,
        ctx,
        NewMail {
            invite: Some(invite.id.into()),
            person: Some(parent),
            evening: Some(evening),
            ..NewMail::new(school, Template::InviteDeclined)
        },
    )?;
    let actor = Actor { person: None, name: invite.name.clone() };
    let summary = format!(
        "The mail to {} said that it was not meant for them. The invite has ended.",
        invite.email
    );
    events::record(
        db,
        ctx,
        &NewEvent {
            school,
            evening: Some(evening),
            parent: Some(parent),
            student: None,
            action: "invite_declined",
            summary,
            actor: &actor,
        },
    )
}

/// Ends an invite because access was lost (I13); the guest is told without a reason. The caller
/// must end the guest's sessions and free their seat ([`crate::store::revocation`]).
///
/// # Errors
/// Errors of the database.
pub fn end_for_access(db: &mut Db, ctx: &Context, invite: InviteId, actor: &Actor) -> Result<()> {
    if !end(db, ctx, invite, "access_ended")? {
        return Ok(());
    }
    let row: InviteRow =
        invites::table.find(key(invite)).select(InviteRow::as_select()).first(db)?;
    let (school, evening, parent) =
        (row.school_id.into(), Some(row.evening_id.into()), Some(row.parent_id.into()));
    outbox::enqueue(
        db,
        ctx,
        NewMail { invite: Some(invite), evening, ..NewMail::new(school, Template::AccessEnded) },
    )?;
    let summary =
        "Your access to this appointment has ended. Please contact the school.".to_owned();
    events::record(
        db,
        ctx,
        &NewEvent {
            school,
            evening,
            parent,
            student: None,
            action: "access_ended",
            summary,
            actor,
        },
    )
}

/// Ends the sessions of an invite's guest and evicts the guest from the call. The invite must have
/// ended before: a guest who enters meanwhile waits for the row lock and then finds the invite
/// ended.
fn put_guest_out(db: &mut Db, ctx: &Context, invite: Key) -> Result<()> {
    sessions::revoke(db, ctx, &[], &[invite])?;
    calls::evict(db, ctx, EvictionTarget::Participants(&[invite]), "invite_removed")
}

fn end(db: &mut Db, ctx: &Context, invite: InviteId, reason: &'static str) -> Result<bool> {
    let live = invites::table.filter(invites::id.eq(key(invite)).and(invites::ended_at.is_null()));
    if diesel::update(live)
        .set((invites::ended_at.eq(Some(at(ctx.now))), invites::ended_reason.eq(Some(reason))))
        .execute(db)?
        != 1
    {
        return Ok(false);
    }
    let covered = invite_students::table.filter(invite_students::invite_id.eq(key(invite)));
    diesel::update(covered).set(invite_students::ended_at.eq(Some(at(ctx.now)))).execute(db)?;
    let (school, evening): (Key, Key) = invites::table
        .find(key(invite))
        .select((invites::school_id, invites::evening_id))
        .first(db)?;
    webhooks::enqueue(
        db,
        ctx,
        school.into(),
        &[WebhookEvent::invite(EventType::InviteRemoved, invite, evening.into())],
    )?;
    Ok(true)
}
