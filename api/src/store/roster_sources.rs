//! Leases of roster sources: a server takes a source's lease by a conditional update, so that only
//! one of several servers syncs it at a time.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::{
    Db, Result,
    sql_types::{At, Key, at},
};
use crate::{context::Context, schema::roster_sources, with_conn};

/// Time for which a lease lasts without renewal. After that its holder is taken to have stopped.
pub const LEASE: TimeDelta = TimeDelta::minutes(5);

/// Condition under which a lease may be taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SyncTrigger {
    /// Now, if nobody holds it: a person has asked for a sync.
    Now,
    /// Only when the source is due.
    WhenDue,
}

/// A lease on a source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lease {
    source: String,
    holder: Key,
}

/// Takes the lease of a source. Returns `None` while another server holds it, or when the source is
/// not due.
///
/// # Errors
/// Errors of the database.
pub fn acquire(
    db: &mut Db,
    ctx: &Context,
    source: &str,
    turn: SyncTrigger,
) -> Result<Option<Lease>> {
    let (now, holder) = (at(ctx.now), Key::from(ctx.new_id::<Uuid>()));
    let new = (roster_sources::name.eq(source), roster_sources::due_at.eq(now));
    with_conn!(db, conn =>
        diesel::insert_into(roster_sources::table)
            .values(new)
            .on_conflict_do_nothing()
            .execute(conn)
    )?;
    let due_by = if turn == SyncTrigger::Now { at(ctx.now + TimeDelta::days(36_500)) } else { now };
    let taken = diesel::update(roster_sources::table.find(source))
        .filter(roster_sources::due_at.le(due_by))
        .filter(roster_sources::lease_ends_at.is_null().or(roster_sources::lease_ends_at.le(now)))
        .set((
            roster_sources::holder.eq(holder),
            roster_sources::lease_ends_at.eq(at(ctx.now + LEASE)),
            roster_sources::started_at.eq(now),
        ))
        .execute(db)?;
    Ok((taken == 1).then(|| Lease { source: source.to_owned(), holder }))
}

/// Time when the last successful syncs of a source began.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Queryable)]
pub struct LastSyncs {
    /// The last automatic sync, complete or incremental.
    pub last: Option<At>,
    /// The last complete automatic sync.
    pub whole: Option<At>,
}

/// Returns the times of a source's last successful syncs.
///
/// # Errors
/// Errors of the database.
pub fn synced(db: &mut Db, source: &str) -> Result<LastSyncs> {
    let columns = (roster_sources::changes_since, roster_sources::whole_since);
    Ok(roster_sources::table.find(source).select(columns).first(db).optional()?.unwrap_or_default())
}

/// Records that an automatic sync, which began at this time, has succeeded. It has no effect if the
/// lease was lost.
///
/// # Errors
/// Errors of the database.
pub fn record_success(
    db: &mut Db,
    lease: &Lease,
    began_at: DateTime<Utc>,
    whole: bool,
) -> Result<()> {
    let mine = || {
        roster_sources::table.find(&lease.source).filter(roster_sources::holder.eq(lease.holder))
    };
    diesel::update(mine()).set(roster_sources::changes_since.eq(at(began_at))).execute(db)?;
    if whole {
        diesel::update(mine()).set(roster_sources::whole_since.eq(at(began_at))).execute(db)?;
    }
    Ok(())
}

/// Renews a lease. Returns false when it was lost to another server.
///
/// # Errors
/// Errors of the database.
pub fn renew(db: &mut Db, now: DateTime<Utc>, lease: &Lease) -> Result<bool> {
    let kept = diesel::update(roster_sources::table.find(&lease.source))
        .filter(roster_sources::holder.eq(lease.holder))
        .set(roster_sources::lease_ends_at.eq(at(now + LEASE)))
        .execute(db)?;
    Ok(kept == 1)
}

/// Releases a lease with the result of the sync, and sets when the next one is due. Returns whether
/// a failure is new: the previous sync did not fail with the same message.
///
/// # Errors
/// Errors of the database.
pub fn release(
    db: &mut Db,
    now: DateTime<Utc>,
    lease: &Lease,
    due_at: Option<DateTime<Utc>>,
    failure: Option<&str>,
) -> Result<bool> {
    let mine = || {
        roster_sources::table.find(&lease.source).filter(roster_sources::holder.eq(lease.holder))
    };
    let before: Option<Option<String>> =
        mine().select(roster_sources::failure).first(db).optional()?;
    let Some(before) = before else { return Ok(false) };
    let given_back = (
        roster_sources::holder.eq(None::<Key>),
        roster_sources::lease_ends_at.eq(None::<At>),
        roster_sources::failure.eq(failure),
    );
    diesel::update(mine()).set(given_back).execute(db)?;
    let row = roster_sources::table.find(&lease.source);
    if failure.is_none() {
        diesel::update(row).set(roster_sources::succeeded_at.eq(at(now))).execute(db)?;
    }
    if let Some(due_at) = due_at {
        diesel::update(row).set(roster_sources::due_at.eq(at(due_at))).execute(db)?;
    }
    Ok(failure.is_some() && before.as_deref() != failure)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{context::Random, store::test_database::TestDatabase};

    fn context(minutes: i64) -> Context {
        let start: DateTime<Utc> = "2026-11-24T16:00:00Z".parse().unwrap();
        Context::new(
            start + TimeDelta::minutes(minutes),
            Random::seeded(u64::try_from(minutes).unwrap()),
        )
    }

    #[test]
    fn lease_is_exclusive_until_released_or_expired() {
        let database = TestDatabase::new();
        let mut db = database.connect();
        let mut turn = |minutes: i64, turn| acquire(&mut db, &context(minutes), "a", turn).unwrap();
        let first = turn(0, SyncTrigger::WhenDue).unwrap();
        assert_eq!(turn(1, SyncTrigger::Now), None, "another server holds it");
        let second = turn(6, SyncTrigger::WhenDue).unwrap();
        let now = context(7).now;
        let mut db = database.connect();
        assert!(!renew(&mut db, now, &first).unwrap(), "the first lease has expired");
        assert!(renew(&mut db, now, &second).unwrap());
        assert!(
            !release(&mut db, now, &first, None, Some("late")).unwrap(),
            "an expired lease cannot be released"
        );
        assert!(
            release(&mut db, now, &second, Some(now + TimeDelta::hours(6)), Some("refused"))
                .unwrap()
        );
        let mut turn = |minutes: i64, turn| acquire(&mut db, &context(minutes), "a", turn).unwrap();
        assert_eq!(turn(8, SyncTrigger::WhenDue), None, "the source is not due");
        let third = turn(8, SyncTrigger::Now).unwrap();
        let mut db = database.connect();
        assert!(
            !release(&mut db, now, &third, None, Some("refused")).unwrap(),
            "the same failure is not reported again"
        );
    }
}
