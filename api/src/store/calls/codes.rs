//! Protection of a guest's link (I9): after too many takeovers it requires a code that is mailed to
//! the guest, and parent and guest are told.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use parlour_domain::{
    EmailAddress,
    call::{TAKEOVER_LIMIT, TAKEOVER_WINDOW},
    id::{CallCodeId, ParticipantId},
};

use super::{CallIdentity, Door, EnterOutcome, JoinRequest, Visitor, rows};
use crate::{
    context::Context,
    schema::{call_codes, call_events},
    store::{
        Db, Error, Result,
        invites::{self, InviteRow},
        login::WrongCodes,
        outbox::{self, NewMail, Template},
        sql_types::{At, Key, at, key},
        throttles::{LockedBucket, ThrottleKind},
    },
};

/// Time for which a code is valid, and how long a device that has entered it is not asked again.
const CODE_LIFE: TimeDelta = TimeDelta::minutes(30);
/// The number of wrong tries after which a code is void.
const MAX_TRIES: i32 = 5;

/// The detail of a takeover that counts: by another session, and so perhaps by another person.
pub(super) const OTHER_SESSION: &str = "other_session";
const CODE_REQUIRED: &str = "code_required";

/// A code as a person typed it.
#[derive(Clone, Copy, Debug)]
pub struct GivenCode {
    /// The id of the code's row, from [`code_of`].
    pub id: CallCodeId,
    /// True if the digits are correct.
    pub is_right: bool,
}

/// The confirmation that a code was mailed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CodeSent {
    /// The masked address that it was mailed to.
    pub masked_email: String,
}

/// The data by which a guest's entry is decided: the number of recent takeovers, and whether the
/// device has entered a code.
#[derive(Clone, Copy, Default)]
pub(super) struct Guard {
    pub recent_takeovers: i64,
    pub is_proven: bool,
    pub was_wrong: bool,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = call_codes)]
struct CodeRow {
    id: Key,
    device_hash: String,
    expires_at: At,
    used_at: Option<At>,
    tries: i32,
}

impl CodeRow {
    fn is_good(&self, now: DateTime<Utc>) -> bool {
        self.used_at.is_none() && now < *self.expires_at && self.tries < MAX_TRIES
    }
}

/// Returns the newest code that was mailed for this device, if it is still valid. Its 6 digits are
/// derived from the id.
///
/// # Errors
/// Errors of the database.
pub fn code_of(
    db: &mut Db,
    visitor: &Visitor,
    device_hash: &str,
    now: DateTime<Utc>,
) -> Result<Option<CallCodeId>> {
    let CallIdentity::Guest(invite) = visitor.who else { return Ok(None) };
    Ok(newest(db, key(invite), device_hash)?
        .filter(|row| row.is_good(now))
        .map(|row| row.id.into()))
}

/// Mails the guest a code for this device.
///
/// # Errors
/// [`Error::NotFound`] when no code is required; [`Error::TooMany`];
/// [`crate::store::LinkError::InviteRemoved`] and other reasons why the invite has ended.
pub fn send_code(
    db: &mut Db,
    ctx: &Context,
    visitor: &Visitor,
    device_hash: &str,
) -> Result<CodeSent> {
    super::enter::lock_door(db, visitor)?;
    super::enter::check_session(db, visitor, ctx.now)?;
    let CallIdentity::Guest(invite) = visitor.who else { return Err(Error::NotFound) };
    let invite = invites::find(db, visitor.school, None, invite)?;
    if let Some(dead) = invite.dead() {
        return Err(Error::Link(dead));
    }
    if takeovers(db, ctx, &invite)? < TAKEOVER_LIMIT {
        return Err(Error::NotFound);
    }
    let subject = invite.id.to_string();
    let mails =
        LockedBucket::new(db, visitor.school, ThrottleKind::GuestCodeMail, &subject, ctx.now)?;
    if let Some(seconds) = mails.wait() {
        return Err(Error::TooMany(seconds));
    }
    mails.take(db)?;
    let id: CallCodeId = ctx.new_id();
    diesel::insert_into(call_codes::table)
        .values((
            call_codes::id.eq(key(id)),
            call_codes::school_id.eq(invite.school_id),
            call_codes::invite_id.eq(invite.id),
            call_codes::device_hash.eq(device_hash),
            call_codes::created_at.eq(at(ctx.now)),
            call_codes::expires_at.eq(at(ctx.now + CODE_LIFE)),
            call_codes::tries.eq(0),
        ))
        .execute(db)?;
    let mail = NewMail {
        invite: Some(invite.id.into()),
        evening: Some(invite.evening_id.into()),
        ..NewMail::new(visitor.school, Template::CallCode)
    };
    outbox::enqueue(db, ctx, NewMail { call_code: Some(id), ..mail })?;
    Ok(CodeSent { masked_email: masked(&invite) })
}

/// Counts recent takeovers of the link, and checks whether this device has entered a code, before
/// or in this request.
pub(super) fn guard(
    db: &mut Db,
    ctx: &Context,
    invite: &InviteRow,
    entry: &JoinRequest,
) -> Result<Guard> {
    let recent_takeovers = takeovers(db, ctx, invite)?;
    if recent_takeovers < TAKEOVER_LIMIT {
        return Ok(Guard { recent_takeovers, ..Guard::default() });
    }
    let is_right = match entry.code {
        Some(given) => Some(try_code(db, ctx, invite, entry, given)?),
        None => None,
    };
    let is_proven = is_right == Some(true) || is_proven(db, ctx, invite, &entry.device_hash)?;
    Ok(Guard { recent_takeovers, is_proven, was_wrong: is_right == Some(false) })
}

/// Asks for the code. The first time, parent and guest are mailed that the link is used elsewhere.
pub(super) fn require_code(
    db: &mut Db,
    ctx: &Context,
    visitor: &Visitor,
    door: &Door,
    entry: &JoinRequest,
    wrong: bool,
) -> Result<EnterOutcome> {
    let Some(invite) = &door.guest else { return Err(Error::NotFound) };
    let since = at(ctx.now - TAKEOVER_WINDOW);
    let told: i64 = of_participant(ParticipantId(invite.id.0))
        .filter(
            call_events::kind
                .eq("refused")
                .and(call_events::detail.eq(CODE_REQUIRED))
                .and(call_events::at.gt(since)),
        )
        .count()
        .get_result(db)?;
    if told == 0 {
        let mail = NewMail {
            invite: Some(invite.id.into()),
            evening: Some(door.evening.id()),
            ..NewMail::new(visitor.school, Template::LinkElsewhere)
        };
        outbox::enqueue(db, ctx, mail)?;
        outbox::enqueue(db, ctx, NewMail { person: Some(door.parent.id()), ..mail })?;
    }
    rows::record(db, ctx, visitor, "refused", Some(CODE_REQUIRED))?;
    let sent = newest(db, invite.id, &entry.device_hash)?.is_some_and(|row| row.is_good(ctx.now));
    Ok(EnterOutcome::CodeRequired { masked_email: masked(invite), sent, wrong })
}

/// Counts the takeovers by another session within [`TAKEOVER_WINDOW`]. Those before the link was
/// renewed do not count.
fn takeovers(db: &mut Db, ctx: &Context, invite: &InviteRow) -> Result<i64> {
    let window = ctx.now - TAKEOVER_WINDOW;
    let since = if invite.generation > 0 { window.max(*invite.mailed_at) } else { window };
    let counted = of_participant(ParticipantId(invite.id.0)).filter(
        call_events::kind
            .eq("taken_over")
            .and(call_events::detail.eq(OTHER_SESSION))
            .and(call_events::at.gt(at(since))),
    );
    Ok(counted.count().get_result(db)?)
}

#[diesel::dsl::auto_type]
fn of_participant(participant: ParticipantId) -> _ {
    let id: Key = participant.into();
    call_events::table.filter(call_events::participant_id.eq(id))
}

fn try_code(
    db: &mut Db,
    ctx: &Context,
    invite: &InviteRow,
    entry: &JoinRequest,
    given: GivenCode,
) -> Result<bool> {
    let row: Option<CodeRow> = call_codes::table
        .filter(call_codes::id.eq(key(given.id)).and(call_codes::invite_id.eq(invite.id)))
        .select(CodeRow::as_select())
        .first(db)
        .optional()?;
    let Some(row) = row.filter(|row| row.device_hash == entry.device_hash && row.is_good(ctx.now))
    else {
        return Ok(false);
    };
    // The subject is the invite, not the address: a person who knows the address could use up its
    // tries by requesting to log in with it. Only people who have the link can try wrong codes for
    // the invite.
    let subject = format!("invite {}", invite.id);
    let wrong_codes =
        WrongCodes::lock(db, ctx.now, invite.school_id.into(), &subject, &entry.client_hash)?;
    // The conditional update counts the try, so that five concurrent tries count as five.
    let untried = call_codes::table.filter(
        call_codes::id
            .eq(row.id)
            .and(call_codes::tries.eq(row.tries))
            .and(call_codes::used_at.is_null()),
    );
    let changed = if given.is_right {
        diesel::update(untried).set(call_codes::used_at.eq(Some(at(ctx.now)))).execute(db)?
    } else {
        wrong_codes.count(db)?;
        diesel::update(untried).set(call_codes::tries.eq(row.tries + 1)).execute(db)?
    };
    if changed == 1 { Ok(given.is_right) } else { Err(Error::UniqueViolation) }
}

fn is_proven(db: &mut Db, ctx: &Context, invite: &InviteRow, device_hash: &str) -> Result<bool> {
    let shown = call_codes::table
        .filter(call_codes::invite_id.eq(invite.id).and(call_codes::device_hash.eq(device_hash)))
        .filter(call_codes::used_at.is_not_null().and(call_codes::expires_at.gt(at(ctx.now))));
    Ok(shown.count().get_result::<i64>(db)? > 0)
}

fn newest(db: &mut Db, invite: Key, device_hash: &str) -> Result<Option<CodeRow>> {
    Ok(call_codes::table
        .filter(call_codes::invite_id.eq(invite).and(call_codes::device_hash.eq(device_hash)))
        .order((call_codes::created_at.desc(), call_codes::id.desc()))
        .select(CodeRow::as_select())
        .first(db)
        .optional()?)
}

fn masked(invite: &InviteRow) -> String {
    EmailAddress::parse(&invite.email).map(|email| email.masked()).unwrap_or_default()
}
