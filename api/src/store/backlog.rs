//! Counts of due rows in the queues, for metrics.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{
    Db, Result,
    sql_types::{At, at},
};
use crate::schema::{call_seats, outbox, roster_sources, webhook_deliveries};

/// The rows of a queue that are due and not yet sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Queue {
    /// The number of rows.
    pub due: i64,
    /// Time when the oldest of them became due.
    pub oldest_due_at: Option<DateTime<Utc>>,
}

/// The due rows of all queues at a moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Backlog {
    /// The outbox.
    pub mails: Queue,
    /// Webhook deliveries.
    pub webhooks: Queue,
    /// Seats of calls whose lease has not run out.
    pub seats: i64,
    /// Roster sources that have been synced, with the time of the last success.
    pub sources: Vec<(String, DateTime<Utc>)>,
}

/// Counts the due rows of all schools.
///
/// # Errors
/// Errors of the database.
pub fn read(db: &mut Db, now: DateTime<Utc>) -> Result<Backlog> {
    let due_mails =
        || outbox::table.filter(outbox::state.eq("queued").and(outbox::due_at.le(at(now))));
    let mails = Queue {
        due: due_mails().count().get_result(db)?,
        oldest_due_at: due_mails()
            .order(outbox::due_at)
            .select(outbox::due_at)
            .first::<At>(db)
            .optional()?
            .map(|at| *at),
    };
    let due_webhooks = || {
        let due =
            webhook_deliveries::state.eq("pending").and(webhook_deliveries::due_at.le(at(now)));
        webhook_deliveries::table.filter(due.and(webhook_deliveries::lease_ends_at.le(at(now))))
    };
    let webhooks = Queue {
        due: due_webhooks().count().get_result(db)?,
        oldest_due_at: due_webhooks()
            .order(webhook_deliveries::due_at)
            .select(webhook_deliveries::due_at)
            .first::<At>(db)
            .optional()?
            .map(|at| *at),
    };
    let seats =
        call_seats::table.filter(call_seats::lease_ends_at.gt(at(now))).count().get_result(db)?;
    let sources: Vec<(String, Option<At>)> = roster_sources::table
        .select((roster_sources::name, roster_sources::succeeded_at))
        .load(db)?;
    let sources = sources
        .into_iter()
        .filter_map(|(name, succeeded_at)| Some((name, *succeeded_at?)))
        .collect();
    Ok(Backlog { mails, webhooks, seats, sources })
}
