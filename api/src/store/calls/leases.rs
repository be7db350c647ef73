//! Leases of seats and queue entries: renewal by heartbeats, disconnection and leaving.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use parlour_domain::call::GRACE;

use super::{
    Visitor,
    rows::{LockedCall, int},
};
use crate::{
    context::Context,
    schema::{call_queue, call_seats},
    store::{
        Db, Result,
        sql_types::{at, key},
    },
};

/// Renews the lease of a connection that is up, until [`GRACE`] from now. Returns false when the
/// connection no longer has a seat or queue entry.
///
/// # Errors
/// Errors of the database.
pub fn renew(db: &mut Db, ctx: &Context, visitor: &Visitor, connection: u32) -> Result<bool> {
    if extend_lease(db, ctx, visitor, connection)? {
        return Ok(true);
    }
    // The connection was lost before, or has no seat. The domain's rules decide, and the other
    // participants are notified.
    let Some(mut locked) = LockedCall::lock(db, visitor.booking)? else { return Ok(false) };
    let (is_theirs, events) = locked.call.renew(visitor.participant(), connection, ctx.now);
    locked.save(db, ctx, &events, None)?;
    Ok(is_theirs)
}

/// Marks a connection as broken: its seat or queue entry is held for [`GRACE`]. `lease_ends_at` is
/// the lease of its last heartbeat, so that a newer socket of the same device is not affected.
///
/// # Errors
/// Errors of the database.
pub fn disconnect(
    db: &mut Db,
    ctx: &Context,
    visitor: &Visitor,
    connection: u32,
    lease_ends_at: DateTime<Utc>,
) -> Result<()> {
    let Some(mut locked) = LockedCall::lock(db, visitor.booking)? else { return Ok(()) };
    let events = locked.call.disconnect(visitor.participant(), connection, lease_ends_at, ctx.now);
    locked.save(db, ctx, &events, None)
}

/// Leaves the call: the seat or queue entry is free at once.
///
/// # Errors
/// Errors of the database.
pub fn leave(db: &mut Db, ctx: &Context, visitor: &Visitor, connection: u32) -> Result<()> {
    let Some(mut locked) = LockedCall::lock(db, visitor.booking)? else { return Ok(()) };
    let events = locked.call.leave(visitor.participant(), connection, ctx.now);
    locked.save(db, ctx, &events, None)
}

/// The common case of a renewal: extends one row's lease without notifying anybody.
fn extend_lease(db: &mut Db, ctx: &Context, visitor: &Visitor, connection: u32) -> Result<bool> {
    let (booking, participant, connection) =
        (key(visitor.booking), key(visitor.participant()), int(connection));
    let (now, lease_ends_at) = (at(ctx.now), at(ctx.now + GRACE));
    let seat = call_seats::table
        .filter(
            call_seats::booking_id
                .eq(booking)
                .and(call_seats::participant_id.eq(participant))
                .and(call_seats::connection.eq(connection)),
        )
        .filter(call_seats::is_present.eq(true).and(call_seats::lease_ends_at.gt(now)));
    if diesel::update(seat).set(call_seats::lease_ends_at.eq(lease_ends_at)).execute(db)? == 1 {
        return Ok(true);
    }
    let queued = call_queue::table
        .filter(
            call_queue::booking_id
                .eq(booking)
                .and(call_queue::participant_id.eq(participant))
                .and(call_queue::connection.eq(connection)),
        )
        .filter(call_queue::is_present.eq(true).and(call_queue::lease_ends_at.gt(now)));
    Ok(diesel::update(queued).set(call_queue::lease_ends_at.eq(lease_ends_at)).execute(db)? == 1)
}
