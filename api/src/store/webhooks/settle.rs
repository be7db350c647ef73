//! Outcome of a delivery attempt: records the attempt, settles or reschedules the delivery, and
//! switches off an endpoint that keeps failing.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use parlour_domain::id::{SchoolId, WebhookId};
use uuid::Uuid;

use super::{
    endpoints::{OffReason, host, switch_off},
    queue::Claimed,
};
use crate::{
    context::Context,
    schema::{webhook_attempts, webhook_deliveries, webhooks},
    store::{
        Db, Result,
        events::Actor,
        sql_types::{At, Key, at, key},
        staff_alerts,
    },
};

/// An endpoint that fails for this long without a success is switched off.
pub const FAILING_FOR: TimeDelta = TimeDelta::days(5);

/// Why an attempt got no response.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DeliveryError {
    /// No response in time.
    Timeout,
    /// No connection.
    Unreachable,
    /// The address is one that events are not sent to.
    AddressNotAllowed,
    /// The exchange failed in another way, for instance because the response was not HTTP.
    Broken,
}

impl DeliveryError {
    /// The name in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            Self::AddressNotAllowed => "address_not_allowed",
            Self::Broken => "broken_answer",
        }
    }

    pub(super) fn parse(text: &str) -> Self {
        match text {
            "timeout" => Self::Timeout,
            "address_not_allowed" => Self::AddressNotAllowed,
            "broken_answer" => Self::Broken,
            _ => Self::Unreachable,
        }
    }
}

/// The outcome of an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// Time when it began.
    pub began_at: DateTime<Utc>,
    /// Duration, in milliseconds.
    pub duration_ms: u32,
    /// The status of the response, or why there was none.
    pub answer: std::result::Result<u16, DeliveryError>,
}

/// The consequence of an outcome for the delivery.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The endpoint took it.
    Delivered,
    /// It is retried at this time.
    Retry(DateTime<Utc>),
    /// It is not retried.
    GivenUp,
    /// The endpoint wants no more events (410).
    Gone,
}

#[derive(Insertable)]
#[diesel(table_name = webhook_attempts)]
struct NewAttempt {
    id: Key,
    school_id: Key,
    delivery_id: Key,
    at: At,
    status: Option<i32>,
    duration_ms: i32,
    error: Option<&'static str>,
}

/// Records an attempt and settles or reschedules the delivery. A delivery that the endpoint took is
/// marked as delivered even if the lease had run out. Returns false when the lease was lost.
///
/// # Errors
/// Errors of the database.
pub fn settle(
    db: &mut Db,
    ctx: &Context,
    claimed: &Claimed,
    outcome: &Outcome,
    verdict: Verdict,
) -> Result<bool> {
    let attempt = NewAttempt {
        id: key(ctx.new_id::<Uuid>()),
        school_id: key(claimed.school),
        delivery_id: key(claimed.id),
        at: at(outcome.began_at),
        status: outcome.answer.ok().map(i32::from),
        duration_ms: i32::try_from(outcome.duration_ms).unwrap_or(i32::MAX),
        error: outcome.answer.err().map(DeliveryError::as_str),
    };
    diesel::insert_into(webhook_attempts::table).values(&attempt).execute(db)?;
    let row = || webhook_deliveries::table.find(claimed.number);
    let leased = row().filter(webhook_deliveries::lease_ends_at.eq(claimed.lease_ends_at));
    let is_mine = diesel::update(leased)
        .set(webhook_deliveries::lease_ends_at.eq(at(ctx.now)))
        .execute(db)?
        == 1;
    if is_mine || verdict == Verdict::Delivered {
        let pending = diesel::update(row().filter(webhook_deliveries::state.eq("pending")));
        let settled = |state: &'static str| {
            (
                webhook_deliveries::state.eq(state),
                webhook_deliveries::settled_at.eq(Some(at(ctx.now))),
            )
        };
        match verdict {
            Verdict::Delivered => pending.set(settled("delivered")).execute(db)?,
            Verdict::Retry(due_at) => {
                pending.set(webhook_deliveries::due_at.eq(at(due_at))).execute(db)?
            }
            Verdict::GivenUp | Verdict::Gone => pending.set(settled("failed")).execute(db)?,
        };
    }
    update_endpoint(db, ctx, claimed.school, claimed.webhook, verdict)?;
    Ok(is_mine)
}

/// Clears or records the endpoint's failures; switches it off and alerts staff if it is gone or has
/// failed for [`FAILING_FOR`].
fn update_endpoint(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    webhook: WebhookId,
    verdict: Verdict,
) -> Result<()> {
    let endpoint = || webhooks::table.find(key(webhook));
    if verdict == Verdict::Delivered {
        diesel::update(endpoint().filter(webhooks::failing_since.is_not_null()))
            .set(webhooks::failing_since.eq(None::<At>))
            .execute(db)?;
        return Ok(());
    }
    diesel::update(endpoint().filter(webhooks::failing_since.is_null()))
        .set(webhooks::failing_since.eq(Some(at(ctx.now))))
        .execute(db)?;
    let (url, since): (String, Option<At>) =
        endpoint().select((webhooks::url, webhooks::failing_since)).first(db)?;
    let reason = match verdict {
        Verdict::Gone => OffReason::Gone,
        _ if since.is_some_and(|since| *since <= ctx.now - FAILING_FOR) => OffReason::Failing,
        _ => return Ok(()),
    };
    if switch_off(db, ctx, webhook, reason)? {
        let why = if reason == OffReason::Gone {
            "it said that it is gone"
        } else {
            "it took nothing for five days"
        };
        let summary =
            format!("The endpoint for webhooks at {} was switched off: {why}.", host(&url));
        staff_alerts::alert(db, ctx, school, &Actor::school(), "staff_alerted", &summary)?;
    }
    Ok(())
}
