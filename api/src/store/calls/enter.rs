//! Entry into a call: the door is checked again in the transaction that assigns the seat, after the
//! rows that the seat depends on are locked.

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

/// The input of a person who enters a call.
#[derive(Clone, Debug)]
pub struct JoinRequest {
    /// The keyed hash of the tab's key.
    pub device_hash: String,
    /// The keyed hash of the client's network, by which wrong codes are counted.
    pub client_hash: String,
    /// True if to take over the seat from the person's other device.
    pub move_here: bool,
    /// True if the tab has no media connections from before.
    pub fresh: bool,
    /// The code, if one was required.
    pub code: Option<GivenCode>,
}

/// The outcome of an entry. All outcomes are committed, including refusals, which are recorded as
/// events.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EnterOutcome {
    /// They have a seat.
    Seated {
        /// The number of their connection.
        connection: u32,
        /// True if they kept their earlier seat and connection.
        resumed: bool,
        /// Time when the lease of the seat ends unless it is renewed.
        lease_ends_at: DateTime<Utc>,
        /// The connection of the same participant that was replaced.
        replaced: Option<u32>,
    },
    /// The call is full, and they are in the queue.
    Waiting {
        /// The position in the queue, from 1.
        place: u32,
        /// The number of their connection, which they keep when they are seated.
        connection: u32,
        /// Time when the lease of the queue entry ends unless it is renewed.
        lease_ends_at: DateTime<Utc>,
        /// The connection of the same participant that was replaced.
        replaced: Option<u32>,
    },
    /// The person must be asked whether to move here from another device.
    MoveHere,
    /// The person must be asked for a code.
    CodeRequired {
        /// The masked address that the code is mailed to.
        masked_email: String,
        /// True if a code was mailed for this device and is still valid.
        sent: bool,
        /// True if the given code was wrong or no longer valid.
        wrong: bool,
    },
    /// A rule refuses it: it is too early, or the call is over.
    Refused(Refusal),
}

/// Enters a call.
///
/// # Errors
/// The errors of [`door`]; [`Error::NotFound`] when the session has ended; [`Error::CodesPaused`].
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

/// Assigns a seat or a queue entry. The caller has checked who the person is and that they may
/// enter.
///
/// # Errors
/// Errors of the database.
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

/// Locks all rows that a seat depends on. A transaction that ends one of them waits, and then finds
/// the seat and frees it.
pub(super) fn lock_door(db: &mut Db, visitor: &Visitor) -> Result<()> {
    lock_for_share(db, LockRank::Booking, visitor.booking)?;
    if let CallIdentity::Guest(invite) = visitor.who {
        // The invite is not locked for share, because its row is written when the guest first gets
        // a seat.
        lock_row(db, LockRank::Invite, invite)?;
    }
    lock_for_share(db, LockRank::Session, visitor.session)
}

/// Checks that the visitor's session has not ended.
pub(super) fn check_session(db: &mut Db, visitor: &Visitor, now: DateTime<Utc>) -> Result<()> {
    let live = sessions::table
        .filter(
            sessions::id.eq(key(visitor.session)).and(sessions::school_id.eq(key(visitor.school))),
        )
        .filter(sessions::revoked_at.is_null().and(sessions::expires_at.gt(at(now))));
    let count: i64 = live.count().get_result(db)?;
    if count == 1 { Ok(()) } else { Err(Error::NotFound) }
}
