//! The worker that deletes expired rows: settled webhook deliveries, idempotency keys and
//! throttles.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use tracing::Span;

use super::{Slots, Worker};
use crate::{
    context::Clock,
    store::{ClaimResult, Result, Store, idempotency, throttles, webhooks},
    telemetry::metrics::{JobMetrics, LeasedJob},
};

/// The pause between two purges.
const EVERY: Duration = Duration::from_secs(3600);

/// Deletes in small steps, so that no other write waits for long. Cheap to clone.
#[derive(Clone)]
pub struct PurgeWorker {
    store: Store,
    clock: Arc<dyn Clock>,
    metrics: JobMetrics,
    /// Time when the next step is due in this process.
    due_at: Arc<Mutex<Instant>>,
}

impl PurgeWorker {
    /// A worker whose first step is due now.
    #[must_use]
    pub fn new(store: Store, clock: Arc<dyn Clock>, metrics: JobMetrics) -> Self {
        Self { store, clock, metrics, due_at: Arc::new(Mutex::new(Instant::now())) }
    }

    /// Deletes one batch of rows, and returns whether more may be left.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn step(&self) -> Result<bool> {
        let now = self.clock.now();
        let purge = move |db: &mut _| {
            Ok(webhooks::purge(db, now)?
                | idempotency::purge(db, now)?
                | throttles::purge(db, now)?)
        };
        self.store.write(purge).await
    }
}

impl Worker for PurgeWorker {
    type Job = ();
    /// True if more rows may be left to delete.
    type Outcome = Result<bool>;
    type Lane = ();

    const NAME: &'static str = "purge";
    const CONCURRENCY: usize = 1;
    const IDLE_PAUSE: Duration = Duration::from_secs(1);
    /// Purges need no lease, because deleting the same rows twice does no harm.
    const LEASED: Option<LeasedJob> = None;

    fn metrics(&self) -> &JobMetrics {
        &self.metrics
    }

    async fn claim(&self, _: Slots<()>) -> Result<ClaimResult<()>> {
        let due_at = *self.due_at.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(if Instant::now() < due_at {
            ClaimResult::Nothing
        } else {
            ClaimResult::Claimed(vec![()])
        })
    }

    fn lane(&self, (): &()) {}

    fn span(&self, (): &()) -> Span {
        tracing::info_span!("purge")
    }

    async fn run(&self, (): &()) -> Option<Result<bool>> {
        Some(self.step().await)
    }

    fn report(&self, (): &(), outcome: &Result<bool>) {
        if let Err(error) = outcome {
            tracing::warn!(%error, "purge failed");
        }
    }

    fn is_success(&self, outcome: &Result<bool>) -> bool {
        outcome.is_ok()
    }

    async fn settle(&self, _: &Arc<()>, outcome: &Result<bool>) -> Result<bool> {
        let pause = if matches!(outcome, Ok(true)) { Self::IDLE_PAUSE } else { EVERY };
        *self.due_at.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now() + pause;
        Ok(true)
    }
}
