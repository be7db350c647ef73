//! The worker that sends webhook events, several at a time and a few to each endpoint. Logs name
//! deliveries and endpoints by id, never a URL or a body.

use std::{sync::Arc, time::Duration};

use parlour_domain::id::WebhookId;
use tokio::time::Instant;
use tracing::{Span, field};

use super::{Sender, message::Message, retry};
use crate::{
    context::{Clock, Context, Random},
    keys::Keys,
    store::{
        ClaimResult, Result, Store,
        webhooks::{self, Claimed, DeliveryError, Outcome, SendCapacity, Verdict},
    },
    telemetry::metrics::{JobMetrics, LeasedJob},
    workers::{Slots, Worker},
};

/// Number of events that are sent to one endpoint at a time, so that a slow endpoint leaves slots
/// to the others.
const PER_ENDPOINT: usize = 4;

/// Sends the queued events. Cheap to clone.
#[derive(Clone)]
pub struct WebhookWorker {
    /// The database that holds the queue.
    pub store: Store,
    /// Derives the secrets that sign events.
    pub keys: Keys,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of ids, and of the jitter in retry delays.
    pub random: Random,
    /// The HTTP client that sends the events.
    pub sender: Sender,
    /// Counts the outcomes.
    pub metrics: JobMetrics,
}

/// One attempt to send an event, and the resulting verdict.
#[derive(Clone)]
pub struct Attempt {
    outcome: Outcome,
    verdict: Verdict,
}

impl Worker for WebhookWorker {
    type Job = Claimed;
    type Outcome = Attempt;
    /// Events share slots by endpoint.
    type Lane = WebhookId;

    const NAME: &'static str = "webhooks";
    const CONCURRENCY: usize = 16;
    const IDLE_PAUSE: Duration = Duration::from_secs(1);
    const LEASED: Option<LeasedJob> = Some(LeasedJob::Webhook);

    fn metrics(&self) -> &JobMetrics {
        &self.metrics
    }

    async fn claim(&self, slots: Slots<WebhookId>) -> Result<ClaimResult<Claimed>> {
        let now = self.clock.now();
        let room =
            SendCapacity { all: slots.free, per_endpoint: PER_ENDPOINT, under_way: slots.running };
        // Usually nothing is due, and then no write transaction is begun.
        let look = room.clone();
        if !self.store.read(move |db| webhooks::is_due(db, now, &look)).await? {
            return Ok(ClaimResult::Nothing);
        }
        self.store.write(move |db| webhooks::claim(db, now, &room)).await
    }

    fn lane(&self, claimed: &Claimed) -> WebhookId {
        claimed.webhook
    }

    fn span(&self, claimed: &Claimed) -> Span {
        tracing::info_span!(
            "send_webhook",
            delivery = %claimed.id,
            webhook = %claimed.webhook,
            request_id = claimed.request_id.map(field::display)
        )
    }

    async fn run(&self, claimed: &Claimed) -> Option<Attempt> {
        let began_at = self.clock.now();
        // Receivers compare the timestamp with their own clocks, so it is the real time and not the
        // playground's movable time.
        let Some(message) = Message::new(&self.keys, claimed, self.clock.real()) else {
            tracing::warn!(
                delivery = %claimed.id,
                event_type = claimed.event_type,
                "webhook event type unknown"
            );
            return None;
        };
        let clock = Instant::now();
        let answered = self.sender.send(&claimed.url, message).await;
        let duration_ms = u32::try_from(clock.elapsed().as_millis()).unwrap_or(u32::MAX);
        let now = self.clock.now();
        let retry_after = answered
            .as_ref()
            .ok()
            .and_then(|answer| retry::retry_after(answer.retry_after.as_deref()?, now));
        let answer = answered.map(|answer| answer.status);
        let outcome = Outcome { began_at, duration_ms, answer };
        let [chance] = self.random.bytes();
        let verdict = retry::verdict(&outcome, claimed.attempts, retry_after, now, chance);
        Some(Attempt { outcome, verdict })
    }

    fn report(&self, claimed: &Claimed, Attempt { outcome: sent, verdict }: &Attempt) {
        let outcome = match verdict {
            Verdict::Delivered => "delivered",
            Verdict::Retry(_) => "delayed",
            Verdict::GivenUp | Verdict::Gone => "failed",
        };
        self.metrics.count_webhook(outcome);
        let (status, error) = (sent.answer.ok(), sent.answer.err().map(DeliveryError::as_str));
        tracing::info!(
            parent: None,
            delivery = %claimed.id,
            webhook = %claimed.webhook,
            event_type = claimed.event_type,
            attempt = claimed.attempts,
            status,
            error,
            request_id = claimed.request_id.map(field::display),
            "webhook {outcome}"
        );
    }

    fn is_success(&self, attempt: &Attempt) -> bool {
        attempt.verdict == Verdict::Delivered
    }

    async fn settle(&self, claimed: &Arc<Claimed>, attempt: &Attempt) -> Result<bool> {
        let ctx = Context::new(self.clock.now(), self.random.clone());
        let (claimed, Attempt { outcome, verdict }) = (Arc::clone(claimed), attempt.clone());
        let settle = move |db: &mut _| webhooks::settle(db, &ctx, &claimed, &outcome, verdict);
        self.store.write(settle).await
    }
}
