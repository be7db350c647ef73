//! Somebody enters a call: checked at the door once more, in the transaction that gives the seat,
//! with all held on which it rests.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use parlour_domain::{
    Refusal,
    call::{self, EntryRequest, GRACE},
    id::{BookingId, SchoolId},
};

use super::{
    CallIdentity, Visitor,
    codes::{self, GivenCode, Guard},
    door::door,
    rows::{self, LockedCall},
};
use crate::{
    context::Context,
    schema::sessions,
    store::{
        Db, Error, Result,
        locks::{LockRank, lock_for_share, lock_row},
        sql_types::{at, key},
    },
};

/// What somebody says when they enter.
#[derive(Clone, Debug)]
pub struct JoinRequest {
    /// The keyed hash of the tab's key.
    pub device_hash: String,
    /// The keyed hash of the client's network: wrong codes are counted by it.
    pub client_hash: String,
    /// Take the place from my other device.
    pub move_here: bool,
    /// The tab has no media connections of before.
    pub fresh: bool,
    /// The code that was asked for.
    pub code: Option<GivenCode>,
}

/// What became of it. All of it is committed, refusals too: they are kept as events.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EnterOutcome {
    /// They sit.
    Seated {
        /// The number of their connection.
        connection: u32,
        /// It is the seat and the connection of before.
        resumed: bool,
        /// Until when the seat is held without a sign of life.
        lease_ends_at: DateTime<Utc>,
        /// The connection of theirs that is out now.
        replaced: Option<u32>,
    },
    /// The call is full.
    Waiting {
        /// The place in the queue, from 1.
        place: u32,
        /// The number of their connection, which they keep when they are seated.
        connection: u32,
        /// Until when the place is held without a sign of life.
        lease_ends_at: DateTime<Utc>,
        /// The connection of theirs that is out now.
        replaced: Option<u32>,
    },
    /// Ask whether to move here.
    MoveHere,
    /// Ask for the code.
    CodeRequired {
        /// Where it is mailed.
        masked_email: String,
        /// One was mailed for this device and is still good.
        sent: bool,
        /// The one that was given is wrong or no longer good.
        wrong: bool,
    },
    /// A rule stands against it: too early or over.
    Refused(Refusal),
}

/// Enters.
///
/// # Errors
/// Those of [`door`]; [`Error::NotFound`] when the session has ended; [`Error::CodesPaused`].
pub fn enter(
    db: &mut Db,
    ctx: &Context,
    visitor: &Visitor,
    entry: &JoinRequest,
) -> Result<EnterOutcome> {
    lock_door(db, visitor)?;
    check_session(db, visitor, ctx.now)?;
    let door = door(db, visitor.school, visitor.who, visitor.booking, ctx.now)?;
    if let Err(refusal) = door.times.check(ctx.now) {
        rows::record(db, ctx, visitor, "refused", Some(refusal.code()))?;
        return Ok(EnterOutcome::Refused(refusal));
    }
    let guard = match (visitor.who, &door.guest) {
        (CallIdentity::Guest(_), Some(invite)) => codes::guard(db, ctx, invite, entry)?,
        _ => Guard::default(),
    };
    let newcomer = EntryRequest {
        participant: visitor.participant(),
        role: visitor.who.role(),
        session: visitor.session,
        device: entry.device_hash.clone(),
        move_here: entry.move_here,
        fresh: entry.fresh,
        recent_takeovers: guard.recent_takeovers,
        is_proven: guard.is_proven,
    };
    let lease_ends_at = ctx.now + GRACE;
    Ok(match admit(db, ctx, visitor.school, visitor.booking, &newcomer)? {
        call::EntryDecision::Seated { connection, resumed, replaced } => {
            EnterOutcome::Seated { connection, resumed, lease_ends_at, replaced }
        }
        call::EntryDecision::Waiting { place, connection, replaced } => EnterOutcome::Waiting {
            place: u32::try_from(place).unwrap_or(u32::MAX),
            connection,
            lease_ends_at,
            replaced,
        },
        call::EntryDecision::MoveHere => EnterOutcome::MoveHere,
        call::EntryDecision::CodeRequired => {
            codes::require_code(db, ctx, visitor, &door, entry, guard.was_wrong)?
        }
    })
}

/// Gives somebody a seat or a place in the queue; who they are and whether they may was checked
/// before.
///
/// # Errors
/// When the database fails.
pub fn admit(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    booking: BookingId,
    newcomer: &EntryRequest,
) -> Result<call::EntryDecision> {
    let mut locked = LockedCall::lock_or_create(db, ctx, school, booking)?;
    let (entered, events) = locked.call.enter(newcomer, ctx.now);
    locked.save(db, ctx, &events, None)?;
    Ok(entered)
}

/// Locks all that a place rests on: whoever ends one of them waits, and then finds the place and
/// takes it away.
pub(super) fn lock_door(db: &mut Db, visitor: &Visitor) -> Result<()> {
    lock_for_share(db, LockRank::Booking, visitor.booking)?;
    if let CallIdentity::Guest(invite) = visitor.who {
        // Not shared: the row is written when the guest first sits.
        lock_row(db, LockRank::Invite, invite)?;
    }
    lock_for_share(db, LockRank::Session, visitor.session)
}

/// Checks that the visitor's session still lives.
pub(super) fn check_session(db: &mut Db, visitor: &Visitor, now: DateTime<Utc>) -> Result<()> {
    let live = sessions::table
        .filter(
            sessions::id.eq(key(visitor.session)).and(sessions::school_id.eq(key(visitor.school))),
        )
        .filter(sessions::revoked_at.is_null().and(sessions::expires_at.gt(at(now))));
    let count: i64 = live.count().get_result(db)?;
    if count == 1 { Ok(()) } else { Err(Error::NotFound) }
}
