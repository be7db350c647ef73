//! Sends what is due to a school's endpoints, several at a time and a few to each. Logs name
//! deliveries and endpoints by id, never a URL or a body.

use std::{
    collections::HashMap, future::Future, panic::AssertUnwindSafe, pin::pin, sync::Arc,
    time::Duration,
};

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use parlour_domain::id::WebhookId;
use tokio::time::Instant;
use tracing::{Instrument, field};

use super::{Sender, message::Message, retry};
use crate::{
    context::{Clock, Context, Random},
    keys::Keys,
    store::{
        Store, idempotency, throttles,
        webhooks::{self, Claimed, Due, NoAnswer, Outcome, Room, Verdict},
    },
    telemetry::metrics::{JobMetrics, Leased},
};

/// How many events are sent at a time.
const AT_A_TIME: usize = 16;

/// How many of them to one endpoint: one that is slow keeps the others' places free.
const TO_ONE: usize = 4;

/// How long the worker rests when nothing is due.
const REST: Duration = Duration::from_secs(1);

/// How often it looks for what is too old to be kept.
const PURGE_EVERY: Duration = Duration::from_secs(3600);

/// What the worker works with. Cheap to clone.
#[derive(Clone)]
pub struct Deps {
    /// The queue.
    pub store: Store,
    /// Derives what events are signed with.
    pub keys: Keys,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids, and the chance in the pauses.
    pub random: Random,
    /// Takes events to their endpoints.
    pub sender: Sender,
    /// Counts what they came to.
    pub metrics: JobMetrics,
}

impl Deps {
    fn context(&self) -> Context {
        Context::new(self.clock.now(), self.random.clone())
    }
}

/// What is being sent; each ends with its endpoint, and whether that took it.
#[derive(Default)]
struct Sending {
    all: FuturesUnordered<BoxFuture<'static, (WebhookId, bool)>>,
    by_endpoint: HashMap<WebhookId, usize>,
}

impl Sending {
    fn begin(&mut self, deps: &Deps, claimed: Claimed) {
        let (webhook, id) = (claimed.webhook, claimed.id);
        *self.by_endpoint.entry(webhook).or_default() += 1;
        // One whose sending panics is tried again when its lease has run out, and takes nothing
        // else down.
        let span = tracing::info_span!(
            "send_webhook",
            delivery = %id,
            %webhook,
            request_id = claimed.request_id.map(field::display)
        );
        let guarded =
            AssertUnwindSafe(deliver(deps.clone(), claimed)).catch_unwind().instrument(span);
        let outcome = guarded.map(move |outcome| {
            outcome
                .inspect_err(|_| tracing::error!(delivery = %id, "sending an event panicked"))
                .unwrap_or(false)
        });
        self.all.push(outcome.map(move |took| (webhook, took)).boxed());
    }

    /// The next one that is done: whether its endpoint took it. `None` when nothing is being sent.
    async fn next(&mut self) -> Option<bool> {
        let (webhook, took) = self.all.next().await?;
        if let Some(count) = self.by_endpoint.get_mut(&webhook) {
            *count -= 1;
        }
        self.by_endpoint.retain(|_, count| *count > 0);
        Some(took)
    }

    fn room(&self) -> Room {
        Room {
            all: AT_A_TIME - self.all.len(),
            to_one: TO_ONE,
            under_way: self.by_endpoint.clone(),
        }
    }
}

/// Sends what is due, as it becomes due, until `shutdown` is ready; what is being sent then is
/// finished.
pub async fn run(deps: Deps, shutdown: impl Future<Output = ()>) {
    let mut shutdown = pin!(shutdown);
    let (mut sending, mut purge_at) = (Sending::default(), Instant::now());
    loop {
        fill(&deps, &mut sending).await;
        if Instant::now() >= purge_at {
            // What one step leaves has its turn after the next event, so that none waits for it.
            purge_at = Instant::now() + if purge(&deps).await { REST } else { PURGE_EVERY };
        }
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(_) = sending.next() => {}
            () = tokio::time::sleep(REST) => {}
        }
    }
    while sending.next().await.is_some() {}
}

/// Sends all that is due now; says how many events were taken.
pub async fn deliver_due(deps: &Deps) -> usize {
    let (mut sending, mut taken) = (Sending::default(), 0);
    loop {
        fill(deps, &mut sending).await;
        match sending.next().await {
            Some(took) => taken += usize::from(took),
            None => return taken,
        }
    }
}

/// Deletes a step of what nobody asks for any more: settled deliveries, and idempotency keys of
/// yesterday. Whether there may be more.
pub async fn purge(deps: &Deps) -> bool {
    let now = deps.clock.now();
    let step = deps
        .store
        .write(move |db| {
            Ok(webhooks::purge(db, now)?
                | idempotency::purge(db, now)?
                | throttles::purge(db, now)?)
        })
        .await;
    step.unwrap_or_else(|error| {
        tracing::warn!(%error, "could not delete what is too old");
        false
    })
}

/// Begins as much as may be sent at a time.
async fn fill(deps: &Deps, sending: &mut Sending) {
    while sending.all.len() < AT_A_TIME {
        let (now, room) = (deps.clock.now(), sending.room());
        // Where nothing is due, as nearly always, no write is begun.
        let look = room.clone();
        match deps.store.read(move |db| webhooks::is_due(db, now, &look)).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(%error, "could not look for events to send");
                return;
            }
        }
        match deps.store.write(move |db| webhooks::claim(db, now, &room)).await {
            Ok(Due::Claimed(rows)) => rows.into_iter().for_each(|row| sending.begin(deps, row)),
            Ok(Due::Contended) => {}
            Ok(Due::Nothing) => return,
            Err(error) => {
                tracing::warn!(%error, "could not claim events to send");
                return;
            }
        }
    }
}

async fn deliver(deps: Deps, claimed: Claimed) -> bool {
    let began_at = deps.clock.now();
    // Receivers have clocks of their own, which no playground moves.
    let Some(message) = Message::new(&deps.keys, &claimed, deps.clock.real()) else {
        tracing::warn!(
            delivery = %claimed.id,
            event_type = claimed.event_type,
            "an event of another version waits for it"
        );
        return false;
    };
    let clock = Instant::now();
    let answered = deps.sender.send(&claimed.url, message).await;
    let duration_ms = u32::try_from(clock.elapsed().as_millis()).unwrap_or(u32::MAX);
    let now = deps.clock.now();
    let retry_after = answered
        .as_ref()
        .ok()
        .and_then(|answer| retry::retry_after(answer.retry_after.as_deref()?, now));
    let outcome = Outcome { began_at, duration_ms, answer: answered.map(|answer| answer.status) };
    let [chance] = deps.random.bytes();
    let verdict = retry::verdict(&outcome, claimed.attempts, retry_after, now, chance);
    deps.metrics.count_webhook(in_words(verdict));
    log(&claimed, &outcome, verdict);
    settle(&deps, claimed, outcome, verdict).await;
    verdict == Verdict::Delivered
}

const fn in_words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Delivered => "delivered",
        Verdict::Retry(_) => "delayed",
        Verdict::GivenUp | Verdict::Gone => "failed",
    }
}

fn log(claimed: &Claimed, sent: &Outcome, verdict: Verdict) {
    let (status, error, outcome) =
        (sent.answer.ok(), sent.answer.err().map(NoAnswer::as_str), in_words(verdict));
    let (event_type, request_id) = (&claimed.event_type, claimed.request_id.map(field::display));
    tracing::info!(
        parent: None,
        delivery = %claimed.id,
        webhook = %claimed.webhook,
        event_type,
        attempt = claimed.attempts,
        status,
        error,
        request_id,
        "webhook {outcome}"
    );
}

/// Writes down what became of an attempt. If that fails the event is sent again when its lease has
/// run out: better twice than never.
async fn settle(deps: &Deps, claimed: Claimed, outcome: Outcome, verdict: Verdict) {
    let (id, ctx) = (claimed.id, deps.context());
    let claimed = Arc::new(claimed);
    for _ in 0..3 {
        let (claimed, ctx) = (Arc::clone(&claimed), ctx.clone());
        match deps
            .store
            .write(move |db| webhooks::settle(db, &ctx, &claimed, &outcome, verdict))
            .await
        {
            Ok(true) => return,
            Ok(false) => return deps.metrics.count_lost_lease(Leased::Webhook),
            Err(error) => {
                tracing::warn!(
                    delivery = %id,
                    %error,
                    "could not write down what became of an event"
                )
            }
        }
        tokio::time::sleep(REST).await;
    }
}
