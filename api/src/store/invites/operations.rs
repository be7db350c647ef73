//! The contract's operations on invites, each in one transaction and under its operation's name.

use std::collections::HashMap;

use chrono_tz::Tz;
use parlour_domain::{
    id::{EveningId, InviteId, PersonId, SchoolId},
    invite::NewInvite,
};
use serde::Serialize;

use super::{
    Invite, InviteRow, Overview, SendInviteOutcome, decline, evening_of, find, link_ends_at,
    only_choice, overview, remove, renew, resend, send, with_students, with_students_for,
};
use crate::{
    context::Context,
    store::{
        Db, Error, LinkError, Result,
        bookings::{Editor, OnBehalfOf},
        evenings::{self, EveningRow},
        idempotency::{RequestKey, Response, with_idempotency_key},
        locks::LockRank,
        outbox::{self, MailStatus},
        version::ExpectedVersion,
    },
};

/// One invite with the status of its mail and the time zone of its evening.
#[derive(Clone, Debug)]
pub struct InviteDetails {
    /// The invite.
    pub invite: Invite,
    /// The status of its mail.
    pub fate: Option<MailStatus>,
    /// The evening's zone.
    pub zone: Tz,
}

/// Loads one live invite.
///
/// # Errors
/// [`Error::NotFound`]; [`LinkError`] when the invite has ended.
pub fn get_invite(
    db: &mut Db,
    school: SchoolId,
    owner: Option<PersonId>,
    invite: InviteId,
) -> Result<InviteDetails> {
    let row = find(db, school, owner, invite)?;
    if let Some(dead) = row.dead() {
        return Err(Error::Link(dead));
    }
    let zone = evening_of(db, &row)?.zone();
    let found = match owner {
        Some(parent) => with_students_for(db, parent, vec![row])?,
        None => with_students(db, vec![row])?,
    };
    let invite_found = found.into_iter().next().ok_or(Error::NotFound)?;
    let fate = outbox::mail_statuses(db, &[invite])?.remove(&invite);
    Ok(InviteDetails { invite: invite_found, fate, zone })
}

/// A parent's invites for an evening, and the students for whom others may be sent.
#[derive(Clone, Debug)]
pub struct Invites {
    /// The evening.
    pub evening: EveningRow,
    /// The invites and the students.
    pub overview: Overview,
    /// The statuses of the invites' mails.
    pub mail_statuses: HashMap<InviteId, MailStatus>,
}

/// Loads the contents of the Manage Invites dialog (I6).
///
/// # Errors
/// [`Error::NotFound`] for an evening in which the parent is not involved.
pub fn get_invites(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    acting: &OnBehalfOf,
    evening: EveningId,
) -> Result<Invites> {
    let evening = evenings::find_for(db, school, acting.evening_visibility(), evening)?;
    let overview = overview(db, ctx, &evening, acting)?;
    let ids: Vec<InviteId> = overview.invites.iter().map(|one| one.row.id.into()).collect();
    let mail_statuses = outbox::mail_statuses(db, &ids)?;
    Ok(Invites { evening, overview, mail_statuses })
}

/// A request for an invite.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InviteForEvening {
    /// The evening.
    pub evening: EveningId,
    /// The invite. If it names no students, it covers the only one who can be chosen.
    pub invite: NewInvite,
}

/// Status of the stored response when the school refuses an invite. The refusal is committed, and a
/// retry gets it too.
pub const REFUSED: u16 = 403;

/// Stores an invite and queues its mail. The response that `view` makes is stored for retries of
/// `request`. The response is empty with the status [`REFUSED`] where the refusal gives no reason
/// ([`SendInviteOutcome::AskTheSchool`]).
///
/// # Errors
/// Those of [`send()`]; [`Error::NotFound`] for an evening in which the parent is not involved;
/// [`Error::KeyReused`].
#[expect(clippy::too_many_arguments, reason = "the request, its key and its view")]
pub fn send_invite<T: Serialize>(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    acting: &OnBehalfOf,
    wanted: &InviteForEvening,
    request: Option<&RequestKey>,
    path: &str,
    view: impl Fn(&InviteDetails) -> T,
) -> Result<Response> {
    let evening = evenings::find_for(db, school, acting.evening_visibility(), wanted.evening)?;
    with_idempotency_key(db, ctx, request, |db| {
        let mut new = wanted.invite.clone();
        if new.students.is_empty() {
            new.students = only_choice(db, &evening, acting.parent)?;
        }
        let SendInviteOutcome::Yes(id) = send(db, ctx, &evening, acting, &new)? else {
            return Ok(Response::empty(REFUSED));
        };
        let stored = find(db, school, Some(acting.parent), id)?;
        let invite = with_students(db, vec![stored])?.pop().ok_or(Error::NotFound)?;
        let fate = outbox::mail_statuses(db, &[id])?.remove(&id);
        let view = view(&InviteDetails { invite, fate, zone: evening.zone() });
        Ok(Response::created(&view)?.at(format!("{path}/{id}")))
    })
}

/// Mails an invite again, with the same link. The response that `view` makes is stored for retries
/// of `request`.
///
/// # Errors
/// Those of [`resend()`] and [`find`]; [`Error::KeyReused`].
pub fn resend_invite<T: Serialize>(
    db: &mut Db,
    ctx: &Context,
    editor: &Editor,
    invite: InviteId,
    request: Option<&RequestKey>,
    view: impl Fn(&InviteDetails) -> T,
) -> Result<Response> {
    let row = find(db, editor.school, editor.owner, invite)?;
    with_idempotency_key(db, ctx, request, |db| {
        let evening = evening_of(db, &row)?;
        resend(db, ctx, &evening, &editor.on_behalf_of_parent(row.parent_id.into()), &row)?;
        Response::accepted(&view(&get_invite(db, editor.school, editor.owner, invite)?))
    })
}

/// Mails a new link for an invite; the old link stops working. The response that `view` makes is
/// stored for retries of `request`.
///
/// # Errors
/// Those of [`renew`] and [`find`]; [`Error::KeyReused`].
pub fn renew_invite<T: Serialize>(
    db: &mut Db,
    ctx: &Context,
    editor: &Editor,
    invite: InviteId,
    request: Option<&RequestKey>,
    view: impl Fn(&InviteDetails) -> T,
) -> Result<Response> {
    let row = find(db, editor.school, editor.owner, invite)?;
    with_idempotency_key(db, ctx, request, |db| {
        let evening = evening_of(db, &row)?;
        renew(db, ctx, &evening, &editor.on_behalf_of_parent(row.parent_id.into()), &row)?;
        Response::accepted(&view(&get_invite(db, editor.school, editor.owner, invite)?))
    })
}

/// Removes an invite; does nothing if it was removed before.
///
/// # Errors
/// Those of [`find`]; [`Error::Changed`].
pub fn remove_invite(
    db: &mut Db,
    ctx: &Context,
    editor: &Editor,
    invite: InviteId,
    expected: &ExpectedVersion<InviteDetails>,
) -> Result<()> {
    expected.check(db, LockRank::Invite, invite, |db| {
        get_invite(db, editor.school, editor.owner, invite)
    })?;
    let row: InviteRow = find(db, editor.school, editor.owner, invite)?;
    let evening = evening_of(db, &row)?;
    remove(db, ctx, &evening, &editor.on_behalf_of_parent(row.parent_id.into()), &row)
}

/// Ends an invite whose guest says that it was not meant for them.
///
/// # Errors
/// [`Error::NotFound`]; [`LinkError`] when its link no longer works.
pub fn decline_guest_link(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    invite: InviteId,
) -> Result<()> {
    let row = find(db, school, None, invite)?;
    let evening = evening_of(db, &row)?;
    if ctx.now >= link_ends_at(db, &row, &evening, ctx.now)? {
        return Err(Error::Link(row.dead().unwrap_or(LinkError::Link)));
    }
    decline(db, ctx, &row)
}
