//! Log of an endpoint's deliveries and their attempts, with replay and tests.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use parlour_domain::{
    Refusal,
    id::{DeliveryId, SchoolId, WebhookId},
};

use super::{
    endpoints,
    events::{EventType, queue_test},
    settle::DeliveryError,
};
use crate::{
    context::Context,
    schema::{webhook_attempts, webhook_deliveries},
    store::{
        Db, Error, Result,
        sql_types::{At, Key, at, key},
    },
};

/// Maximum number of attempts that are listed for a delivery.
const MAX_ATTEMPTS_LISTED: usize = 20;

/// The state of a delivery.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DeliveryState {
    /// It is waiting or being sent.
    Pending,
    /// The endpoint took it.
    Delivered,
    /// It was given up.
    Failed,
    /// The endpoint was switched off or deleted before it was sent.
    Dropped,
}

/// One attempt to send a delivery.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attempt {
    /// Time when it began.
    pub at: DateTime<Utc>,
    /// Duration, in milliseconds.
    pub duration_ms: u32,
    /// The status of the response.
    pub status: Option<u16>,
    /// Why there was no response.
    pub error: Option<DeliveryError>,
}

/// One event on its way to one endpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// Its number in the log.
    pub number: i64,
    /// The delivery's id.
    pub id: DeliveryId,
    /// The event's id.
    pub event: uuid::Uuid,
    /// The event's type.
    pub kind: EventType,
    /// Its state.
    pub state: DeliveryState,
    /// Time when the event happened.
    pub created_at: DateTime<Utc>,
    /// Time when the next attempt is due, while it is pending.
    pub due_at: Option<DateTime<Utc>>,
    /// The latest attempts, newest first.
    pub attempts: Vec<Attempt>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = webhook_deliveries)]
struct Row {
    number: i64,
    id: Key,
    event_id: Key,
    event_type: String,
    created_at: At,
    due_at: At,
    state: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = webhook_attempts)]
struct AttemptRow {
    delivery_id: Key,
    at: At,
    status: Option<i32>,
    duration_ms: i32,
    error: Option<String>,
}

/// Loads the log of an endpoint, newest event first, from below the number `after` if given. Loads
/// up to `limit` + 1 rows; the extra one shows that there is a next page.
///
/// # Errors
/// [`Error::NotFound`] when the endpoint is not of the school.
pub fn deliveries(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    webhook: WebhookId,
    after: Option<i64>,
    limit: i64,
) -> Result<Vec<Delivery>> {
    endpoints::find(db, ctx, school, webhook)?;
    let of_webhook =
        webhook_deliveries::table.filter(webhook_deliveries::webhook_id.eq(key(webhook)));
    let mut query = of_webhook.select(Row::as_select()).into_boxed();
    if let Some(after) = after {
        query = query.filter(webhook_deliveries::number.lt(after));
    }
    let rows: Vec<Row> =
        query.order(webhook_deliveries::number.desc()).limit(limit + 1).load(db)?;
    with_attempts(db, rows)
}

/// Finds one delivery of an endpoint.
///
/// # Errors
/// [`Error::NotFound`] when the endpoint is not of the school, or the delivery not of the endpoint.
pub fn delivery(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    webhook: WebhookId,
    delivery: DeliveryId,
) -> Result<Delivery> {
    endpoints::find(db, ctx, school, webhook)?;
    let one = webhook_deliveries::table.filter(
        webhook_deliveries::id
            .eq(key(delivery))
            .and(webhook_deliveries::webhook_id.eq(key(webhook))),
    );
    let row: Row = one.select(Row::as_select()).first(db)?;
    with_attempts(db, vec![row])?.pop().ok_or(Error::NotFound)
}

/// Sends a delivery again: at once if it is pending, with a new count of attempts if it was
/// settled. A delivery that is being sent right now is not sent twice.
///
/// # Errors
/// [`Error::NotFound`], [`Refusal::WebhookOff`].
pub fn replay(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    webhook: WebhookId,
    id: DeliveryId,
) -> Result<Delivery> {
    if endpoints::find(db, ctx, school, webhook)?.off.is_some() {
        return Err(Refusal::WebhookOff.into());
    }
    let one = || {
        webhook_deliveries::table.filter(
            webhook_deliveries::id.eq(key(id)).and(webhook_deliveries::webhook_id.eq(key(webhook))),
        )
    };
    let again = (
        webhook_deliveries::state.eq("pending"),
        webhook_deliveries::due_at.eq(at(ctx.now)),
        webhook_deliveries::attempts.eq(0),
        webhook_deliveries::settled_at.eq(None::<At>),
    );
    let settled = diesel::update(one().filter(webhook_deliveries::state.ne("pending")))
        .set(again)
        .execute(db)?;
    if settled == 0 {
        diesel::update(one()).set(webhook_deliveries::due_at.eq(at(ctx.now))).execute(db)?;
    }
    delivery(db, ctx, school, webhook, id)
}

/// Enqueues a test event, with which staff check that an endpoint accepts deliveries.
///
/// # Errors
/// [`Error::NotFound`], [`Refusal::WebhookOff`].
pub fn send_test(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    webhook: WebhookId,
) -> Result<Delivery> {
    if endpoints::find(db, ctx, school, webhook)?.off.is_some() {
        return Err(Refusal::WebhookOff.into());
    }
    let id = queue_test(db, ctx, school, webhook)?;
    delivery(db, ctx, school, webhook, id)
}

fn with_attempts(db: &mut Db, rows: Vec<Row>) -> Result<Vec<Delivery>> {
    let ids: Vec<Key> = rows.iter().map(|row| row.id).collect();
    let found: Vec<AttemptRow> = webhook_attempts::table
        .filter(webhook_attempts::delivery_id.eq_any(ids))
        .order((webhook_attempts::at.desc(), webhook_attempts::id.desc()))
        .select(AttemptRow::as_select())
        .load(db)?;
    let mut attempts: HashMap<Key, Vec<Attempt>> = HashMap::new();
    for row in found {
        let of = attempts.entry(row.delivery_id).or_default();
        if of.len() < MAX_ATTEMPTS_LISTED {
            of.push(row.attempt());
        }
    }
    // Rows of event types that only a newer version knows are left out.
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let attempts = attempts.remove(&row.id).unwrap_or_default();
            row.delivery(attempts)
        })
        .collect())
}

impl AttemptRow {
    fn attempt(self) -> Attempt {
        Attempt {
            at: self.at.into(),
            duration_ms: u32::try_from(self.duration_ms).unwrap_or_default(),
            status: self.status.and_then(|status| u16::try_from(status).ok()),
            error: self.error.as_deref().map(DeliveryError::parse),
        }
    }
}

impl Row {
    fn delivery(self, attempts: Vec<Attempt>) -> Option<Delivery> {
        let state = match self.state.as_str() {
            "delivered" => DeliveryState::Delivered,
            "failed" => DeliveryState::Failed,
            "dropped" => DeliveryState::Dropped,
            _ => DeliveryState::Pending,
        };
        Some(Delivery {
            number: self.number,
            id: self.id.into(),
            event: self.event_id.0,
            kind: EventType::parse(&self.event_type)?,
            state,
            created_at: self.created_at.into(),
            due_at: (state == DeliveryState::Pending).then_some(self.due_at.0),
            attempts,
        })
    }
}
