//! Delivery queue of webhooks. Rows are leased, so that two nodes never send the same delivery at
//! the same time.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    dsl::{exists, not},
    prelude::*,
};
use parlour_domain::id::{SchoolId, WebhookId};
use uuid::Uuid;

use crate::{
    schema::{schools, webhook_deliveries, webhook_secrets, webhooks},
    store::{
        ClaimResult, Db, Result,
        sql_types::{At, Key, at, key},
    },
};

/// Length of a lease on a delivery; longer than sending it may take.
pub const LEASE: TimeDelta = TimeDelta::minutes(1);

/// Maximum number of due rows that one query loads.
const BATCH_SIZE: i64 = 64;

/// A delivery that a worker has claimed, with everything needed to send it.
#[derive(Clone, Debug)]
pub struct Claimed {
    pub(super) number: i64,
    pub(super) lease_ends_at: At,
    /// The delivery's id.
    pub id: Uuid,
    /// The school.
    pub school: SchoolId,
    /// The school's IANA time zone.
    pub time_zone: String,
    /// The endpoint's id.
    pub webhook: WebhookId,
    /// The endpoint's URL.
    pub url: String,
    /// The rows of its valid secrets, newest first.
    pub secrets: Vec<Uuid>,
    /// The event's id.
    pub event: Uuid,
    /// The event's type, as in the database.
    pub event_type: String,
    /// The id of the thing that changed.
    pub subject: Uuid,
    /// The evening, if the event has one.
    pub evening: Option<Uuid>,
    /// Time when the event happened.
    pub created_at: DateTime<Utc>,
    /// The number of attempts, including this one.
    pub attempts: i32,
    /// The id of the request that enqueued it, if a request did.
    pub request_id: Option<Uuid>,
}

#[derive(Queryable)]
struct Row {
    number: i64,
    id: Key,
    school_id: Key,
    time_zone: String,
    webhook_id: Key,
    url: String,
    event_id: Key,
    event_type: String,
    subject_id: Key,
    evening_id: Option<Key>,
    created_at: At,
    attempts: i32,
    request_id: Option<Key>,
}

/// The caller's capacity to send deliveries.
#[derive(Clone, Debug)]
pub struct SendCapacity {
    /// Limit on further jobs in total.
    pub all: usize,
    /// Limit per endpoint, including those already being sent.
    pub per_endpoint: usize,
    /// The number of deliveries that are being sent to each endpoint now.
    pub under_way: HashMap<WebhookId, usize>,
}

impl SendCapacity {
    /// The endpoints whose limit is reached.
    fn saturated_endpoints(&self) -> Vec<Key> {
        self.under_way
            .iter()
            .filter(|(_, count)| **count >= self.per_endpoint)
            .map(|(webhook, _)| key(*webhook))
            .collect()
    }
}

/// Returns whether any delivery could be claimed. Takes no lock and writes nothing.
///
/// # Errors
/// Errors of the database.
pub fn is_due(db: &mut Db, now: DateTime<Utc>, room: &SendCapacity) -> Result<bool> {
    Ok(!due(db, now, room.saturated_endpoints(), 1)?.is_empty())
}

/// Claims due deliveries, up to the capacity in `room`. A delivery waits while an older one of the
/// same subject is pending at the same endpoint. No other worker sends a claimed delivery until its
/// [`LEASE`] has run out.
///
/// # Errors
/// Errors of the database.
pub fn claim(db: &mut Db, now: DateTime<Utc>, room: &SendCapacity) -> Result<ClaimResult<Claimed>> {
    let mut under_way = room.under_way.clone();
    let due = due(db, now, room.saturated_endpoints(), BATCH_SIZE)?;
    if due.is_empty() {
        return Ok(ClaimResult::Nothing);
    }
    let mut claimed: Vec<Claimed> = Vec::new();
    for row in due {
        if claimed.len() == room.all {
            break;
        }
        let to_this = under_way.entry(row.webhook_id.into()).or_default();
        if *to_this == room.per_endpoint {
            continue;
        }
        let lease = at(now + LEASE);
        let mine = diesel::update(webhook_deliveries::table.find(row.number))
            .filter(
                webhook_deliveries::state
                    .eq("pending")
                    .and(webhook_deliveries::lease_ends_at.le(at(now))),
            )
            .set((
                webhook_deliveries::lease_ends_at.eq(lease),
                webhook_deliveries::attempts.eq(webhook_deliveries::attempts + 1),
            ))
            .execute(db)?;
        if mine == 1 {
            *to_this += 1;
            let secrets = secrets_of(db, now, row.webhook_id)?;
            claimed.push(row.claimed(lease, secrets));
        }
    }
    Ok(if claimed.is_empty() { ClaimResult::Contended } else { ClaimResult::Claimed(claimed) })
}

fn due(db: &mut Db, now: DateTime<Utc>, full: Vec<Key>, limit: i64) -> Result<Vec<Row>> {
    let earlier = diesel::alias!(webhook_deliveries as earlier);
    let blocking = earlier
        .filter(earlier.field(webhook_deliveries::webhook_id).eq(webhook_deliveries::webhook_id))
        .filter(earlier.field(webhook_deliveries::subject_id).eq(webhook_deliveries::subject_id))
        .filter(earlier.field(webhook_deliveries::state).eq("pending"))
        .filter(earlier.field(webhook_deliveries::number).lt(webhook_deliveries::number));
    Ok(webhook_deliveries::table
        .inner_join(webhooks::table)
        .inner_join(schools::table.on(schools::id.eq(webhook_deliveries::school_id)))
        .filter(
            webhook_deliveries::state
                .eq("pending")
                .and(webhook_deliveries::due_at.le(at(now)))
                .and(webhook_deliveries::lease_ends_at.le(at(now))),
        )
        .filter(webhooks::enabled.eq(true).and(webhooks::deleted_at.is_null()))
        .filter(webhook_deliveries::webhook_id.ne_all(full))
        .filter(not(exists(blocking)))
        .order((webhook_deliveries::due_at, webhook_deliveries::number))
        .limit(limit)
        .select((
            webhook_deliveries::number,
            webhook_deliveries::id,
            webhook_deliveries::school_id,
            schools::time_zone,
            webhook_deliveries::webhook_id,
            webhooks::url,
            webhook_deliveries::event_id,
            webhook_deliveries::event_type,
            webhook_deliveries::subject_id,
            webhook_deliveries::evening_id,
            webhook_deliveries::created_at,
            webhook_deliveries::attempts,
            webhook_deliveries::request_id,
        ))
        .load(db)?)
}

fn secrets_of(db: &mut Db, now: DateTime<Utc>, webhook: Key) -> Result<Vec<Uuid>> {
    let live = webhook_secrets::expires_at.is_null().or(webhook_secrets::expires_at.gt(at(now)));
    let rows: Vec<(Key, Option<At>)> = webhook_secrets::table
        .filter(webhook_secrets::webhook_id.eq(webhook).and(live))
        .select((webhook_secrets::id, webhook_secrets::expires_at))
        .load(db)?;
    let (newest, older): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|(_, expires_at)| expires_at.is_none());
    Ok(newest.into_iter().chain(older).map(|(id, _)| id.0).collect())
}

impl Row {
    fn claimed(self, lease_ends_at: At, secrets: Vec<Uuid>) -> Claimed {
        Claimed {
            number: self.number,
            lease_ends_at,
            id: self.id.0,
            school: self.school_id.into(),
            time_zone: self.time_zone,
            webhook: self.webhook_id.into(),
            url: self.url,
            secrets,
            event: self.event_id.0,
            event_type: self.event_type,
            subject: self.subject_id.0,
            evening: self.evening_id.map(|id| id.0),
            created_at: self.created_at.0,
            attempts: self.attempts + 1,
            request_id: self.request_id.map(|id| id.0),
        }
    }
}
