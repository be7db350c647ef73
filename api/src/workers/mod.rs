//! The loop that all background workers share: it claims due jobs, runs each under its lease and in
//! its span, stores the outcome, and stops on request.

mod execute;
pub mod purge;
#[cfg(test)]
mod tests;

use std::{collections::HashMap, future::Future, hash::Hash, pin::pin, sync::Arc, time::Duration};

use futures_util::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tracing::Span;

pub use self::execute::execute;
use crate::{
    store::{ClaimResult, Result},
    telemetry::metrics::{JobMetrics, LeasedJob},
};

/// A kind of background job. Cheap to clone.
pub trait Worker: Clone + Send + Sync + 'static {
    /// A claimed job.
    type Job: Send + Sync + 'static;
    /// The outcome of one run.
    type Outcome: Send + Sync + 'static;
    /// The key by which jobs share slots, such as the endpoint that a webhook is sent to.
    type Lane: Copy + Eq + Hash + Send + 'static;

    /// The name in log lines.
    const NAME: &'static str;
    /// Number of jobs that run at a time.
    const CONCURRENCY: usize;
    /// Time for which the loop waits when nothing is due and nothing wakes it.
    const IDLE_PAUSE: Duration;
    /// True if running jobs are finished or dropped when the process stops.
    const ON_STOP: OnStop = OnStop::Finish;
    /// The name of the lease in metrics; `None` if the jobs have no lease.
    const LEASED: Option<LeasedJob>;

    /// The metrics in which lost leases are counted.
    fn metrics(&self) -> &JobMetrics;

    /// Counts a lease that was lost to another process.
    fn count_lost_lease(&self) {
        if let Some(leased) = Self::LEASED {
            self.metrics().count_lost_lease(leased);
        }
    }

    /// Claims due jobs, at most as many as there are free slots.
    ///
    /// # Errors
    /// Fails if the database fails; the loop tries again after [`Self::IDLE_PAUSE`].
    fn claim(
        &self,
        slots: Slots<Self::Lane>,
    ) -> impl Future<Output = Result<ClaimResult<Self::Job>>> + Send;

    /// The lane of a job.
    fn lane(&self, job: &Self::Job) -> Self::Lane;

    /// The span in which a job runs. It holds ids and never personal data.
    fn span(&self, job: &Self::Job) -> Span;

    /// Runs a job. `None` stores no outcome: the job is due again when its lease has run out.
    fn run(&self, job: &Self::Job) -> impl Future<Output = Option<Self::Outcome>> + Send;

    /// Renews the lease of a running job, and completes when the lease is lost. The default never
    /// completes: it is for leases that are longer than any run.
    fn keep_lease(&self, _: &Self::Job) -> impl Future<Output = Self::Outcome> + Send {
        std::future::pending()
    }

    /// Counts and logs the outcome of a run.
    fn report(&self, job: &Self::Job, outcome: &Self::Outcome);

    /// Returns whether the run was a success.
    fn is_success(&self, outcome: &Self::Outcome) -> bool;

    /// Stores the outcome of a run, with the time of the next attempt if there is one. False when
    /// the lease was lost and nothing was written.
    ///
    /// # Errors
    /// Fails if the database fails. If every attempt to store fails, the job runs again when its
    /// lease has run out: jobs run at least once.
    fn settle(
        &self,
        job: &Arc<Self::Job>,
        outcome: &Self::Outcome,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// Completes when a job was queued.
    fn woken(&self) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }
}

/// Treatment of running jobs when the process stops.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OnStop {
    /// They are finished.
    Finish,
    /// They are dropped; another process runs them again.
    Drop,
}

/// The free slots, and the jobs that are running.
#[derive(Clone, Debug)]
pub struct Slots<L> {
    /// Limit on further jobs.
    pub free: usize,
    /// The number of running jobs by lane.
    pub running: HashMap<L, usize>,
    /// The lane of the job that was claimed last.
    pub last: Option<L>,
}

/// The running jobs of a worker. Each future returns the job's lane and whether it was a success.
struct Running<L> {
    jobs: FuturesUnordered<BoxFuture<'static, (L, bool)>>,
    by_lane: HashMap<L, usize>,
    last: Option<L>,
}

impl<L: Copy + Eq + Hash + Send + 'static> Running<L> {
    fn new() -> Self {
        Self { jobs: FuturesUnordered::new(), by_lane: HashMap::new(), last: None }
    }

    fn begin<W: Worker<Lane = L>>(&mut self, worker: &W, job: W::Job) {
        let (worker, lane) = (worker.clone(), worker.lane(&job));
        *self.by_lane.entry(lane).or_default() += 1;
        self.last = Some(lane);
        self.jobs.push(Box::pin(async move {
            let outcome = execute(&worker, job).await;
            (lane, outcome.is_some_and(|outcome| worker.is_success(&outcome)))
        }));
    }

    /// Waits for the next job to end, and returns whether it was a success. `None` when no job
    /// runs.
    async fn next(&mut self) -> Option<bool> {
        let (lane, is_success) = self.jobs.next().await?;
        if let Some(count) = self.by_lane.get_mut(&lane) {
            *count -= 1;
        }
        self.by_lane.retain(|_, count| *count > 0);
        Some(is_success)
    }

    fn slots(&self, most: usize) -> Slots<L> {
        Slots { free: most - self.jobs.len(), running: self.by_lane.clone(), last: self.last }
    }
}

/// Runs jobs as they become due, until `shutdown` completes.
pub async fn run<W: Worker>(worker: W, shutdown: impl Future<Output = ()>) {
    let (mut shutdown, mut running) = (pin!(shutdown), Running::new());
    loop {
        tokio::select! {
            biased;
            () = &mut shutdown, if W::ON_STOP == OnStop::Drop => return,
            () = fill(&worker, &mut running) => {}
        }
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(_) = running.next() => {}
            () = worker.woken() => {}
            () = tokio::time::sleep(W::IDLE_PAUSE) => {}
        }
    }
    if W::ON_STOP == OnStop::Finish {
        while running.next().await.is_some() {}
    }
}

/// Runs all jobs that are due now, and returns the number of successes.
pub async fn run_due<W: Worker>(worker: &W) -> usize {
    let (mut running, mut successes) = (Running::new(), 0);
    loop {
        fill(worker, &mut running).await;
        match running.next().await {
            Some(is_success) => successes += usize::from(is_success),
            None => return successes,
        }
    }
}

/// Starts due jobs until every slot is taken. A slow job holds only its own slot.
async fn fill<W: Worker>(worker: &W, running: &mut Running<W::Lane>) {
    while running.jobs.len() < W::CONCURRENCY {
        match worker.claim(running.slots(W::CONCURRENCY)).await {
            Ok(ClaimResult::Claimed(jobs)) => {
                jobs.into_iter().for_each(|job| running.begin(worker, job))
            }
            Ok(ClaimResult::Contended) => {}
            Ok(ClaimResult::Nothing) => return,
            Err(error) => {
                tracing::warn!(worker = W::NAME, %error, "job claim failed");
                return;
            }
        }
    }
}
