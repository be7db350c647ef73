//! Deletion of old deliveries and their attempts.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use crate::{
    schema::{webhook_attempts, webhook_deliveries},
    store::{
        Db, Result,
        locks::{LockRank, lock_rows},
        sql_types::{Key, at},
    },
};

/// For how long settled deliveries are kept.
pub const KEPT_FOR: TimeDelta = TimeDelta::days(30);

/// Maximum number of deliveries that one transaction deletes, so that other writers do not wait
/// long.
const BATCH_SIZE: i64 = 500;

/// Deletes deliveries that were settled longer ago than [`KEPT_FOR`], up to a fixed number. Returns
/// whether there may be more.
///
/// # Errors
/// Errors of the database.
pub fn purge(db: &mut Db, now: DateTime<Utc>) -> Result<bool> {
    let old = webhook_deliveries::table
        .filter(
            webhook_deliveries::settled_at
                .lt(at(now - KEPT_FOR))
                .and(webhook_deliveries::state.ne("pending")),
        )
        .order(webhook_deliveries::settled_at)
        .limit(BATCH_SIZE)
        .select(webhook_deliveries::id);
    let ids: Vec<Key> = old.load(db)?;
    let is_full = i64::try_from(ids.len()).is_ok_and(|count| count == BATCH_SIZE);
    // The lock waits for a concurrent replay; the query below then leaves out the replayed
    // delivery, which is pending again.
    lock_rows(db, LockRank::WebhookDelivery, ids.iter().copied())?;
    let ids: Vec<Key> = old.filter(webhook_deliveries::id.eq_any(ids)).load(db)?;
    diesel::delete(
        webhook_attempts::table.filter(webhook_attempts::delivery_id.eq_any(ids.clone())),
    )
    .execute(db)?;
    diesel::delete(webhook_deliveries::table.filter(webhook_deliveries::id.eq_any(ids)))
        .execute(db)?;
    Ok(is_full)
}
