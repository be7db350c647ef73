//! The execution of one claimed job, until its outcome is stored.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use tracing::Instrument;

use super::Worker;

/// Number of attempts to store an outcome.
const TRIES: usize = 3;

/// The pause between these attempts.
const PAUSE: Duration = Duration::from_secs(1);

/// Runs a job in its span, reports the outcome and stores it. A panic is caught: the job is due
/// again when its lease has run out, and other jobs go on.
pub async fn execute<W: Worker>(worker: &W, job: W::Job) -> Option<W::Outcome> {
    let span = worker.span(&job);
    let guarded = AssertUnwindSafe(run_and_settle(worker, Arc::new(job))).catch_unwind();
    let outcome = guarded.instrument(span.clone()).await;
    outcome.unwrap_or_else(|_| {
        span.in_scope(|| tracing::error!(worker = W::NAME, "job panicked"));
        None
    })
}

async fn run_and_settle<W: Worker>(worker: &W, job: Arc<W::Job>) -> Option<W::Outcome> {
    let outcome = tokio::select! {
        outcome = worker.run(&job) => outcome?,
        lost = worker.keep_lease(&job) => {
            worker.count_lost_lease();
            lost
        }
    };
    worker.report(&job, &outcome);
    settle(worker, &job, &outcome).await;
    Some(outcome)
}

async fn settle<W: Worker>(worker: &W, job: &Arc<W::Job>, outcome: &W::Outcome) {
    for _ in 0..TRIES {
        match worker.settle(job, outcome).await {
            Ok(true) => return,
            Ok(false) => return worker.count_lost_lease(),
            Err(error) => {
                tracing::warn!(worker = W::NAME, %error, "job settle failed");
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}
