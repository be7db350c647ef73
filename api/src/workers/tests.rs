//! Tests of the worker loop, with a fake worker whose jobs have scripted behaviours.

use std::{
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::FutureExt;
use tokio::sync::{Notify, oneshot};
use tracing::Span;

use super::{OnStop, Slots, Worker, execute, run, run_due};
use crate::{
    store::{ClaimResult, Error, Result},
    telemetry::metrics::{JobMetrics, LeasedJob},
};

/// Behaviour of a job.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Job {
    Succeed,
    Panic,
    /// Runs for ever and loses its lease.
    LoseLease,
    /// Runs until the test releases the worker.
    Wait,
    /// Fails once when its outcome is stored.
    FailToSettle,
}

#[derive(Default)]
struct State {
    due: Vec<Job>,
    most_at_once: usize,
    settled: Vec<(Job, &'static str)>,
    failures: usize,
}

#[derive(Clone, Default)]
struct Fake<const DROP: bool> {
    state: Arc<Mutex<State>>,
    metrics: JobMetrics,
    release: Arc<Notify>,
    wake: Arc<Notify>,
}

impl<const DROP: bool> Fake<DROP> {
    fn with(due: &[Job]) -> Self {
        let fake = Self::default();
        fake.state.lock().unwrap().due = due.to_vec();
        fake
    }

    fn settled(&self) -> Vec<(Job, &'static str)> {
        self.state.lock().unwrap().settled.clone()
    }

    /// Waits until this many jobs are settled.
    async fn until_settled(&self, count: usize) {
        while self.settled().len() < count {
            tokio::task::yield_now().await;
        }
    }
}

impl<const DROP: bool> Worker for Fake<DROP> {
    type Job = Job;
    type Outcome = &'static str;
    type Lane = ();

    const NAME: &'static str = "fake";
    const CONCURRENCY: usize = 2;
    const IDLE_PAUSE: Duration = Duration::from_secs(3600);
    const ON_STOP: OnStop = if DROP { OnStop::Drop } else { OnStop::Finish };
    const LEASED: Option<LeasedJob> = Some(LeasedJob::Mail);

    fn metrics(&self) -> &JobMetrics {
        &self.metrics
    }

    async fn claim(&self, slots: Slots<()>) -> Result<ClaimResult<Job>> {
        let mut state = self.state.lock().unwrap();
        let running = slots.running.values().sum::<usize>();
        assert_eq!(slots.free, Self::CONCURRENCY - running);
        let count = slots.free.min(state.due.len());
        state.most_at_once = state.most_at_once.max(running + count);
        let jobs: Vec<Job> = state.due.drain(..count).collect();
        Ok(if jobs.is_empty() { ClaimResult::Nothing } else { ClaimResult::Claimed(jobs) })
    }

    fn lane(&self, _: &Job) {}

    fn span(&self, _: &Job) -> Span {
        Span::none()
    }

    async fn run(&self, job: &Job) -> Option<&'static str> {
        match job {
            Job::Succeed | Job::FailToSettle => Some("done"),
            Job::Panic => panic!("a job that panics"),
            Job::LoseLease => pending().await,
            Job::Wait => {
                self.release.notified().await;
                Some("done")
            }
        }
    }

    async fn keep_lease(&self, job: &Job) -> &'static str {
        if *job == Job::LoseLease { "lost" } else { pending().await }
    }

    fn report(&self, _: &Job, _: &&'static str) {}

    fn is_success(&self, outcome: &&'static str) -> bool {
        *outcome == "done"
    }

    async fn settle(&self, job: &Arc<Job>, outcome: &&'static str) -> Result<bool> {
        let mut state = self.state.lock().unwrap();
        if **job == Job::FailToSettle && state.failures == 0 {
            state.failures += 1;
            return Err(Error::Busy);
        }
        state.settled.push((**job, outcome));
        Ok(true)
    }

    async fn woken(&self) {
        self.wake.notified().await;
    }
}

#[tokio::test]
async fn all_due_jobs_run_and_never_too_many_at_once() {
    let fake = Fake::<false>::with(&[Job::Succeed; 5]);
    assert_eq!(run_due(&fake).await, 5);
    assert_eq!(fake.state.lock().unwrap().most_at_once, 2);
}

#[tokio::test]
async fn a_job_that_panics_is_not_settled_and_stops_nothing() {
    let fake = Fake::<false>::with(&[Job::Panic, Job::Succeed]);
    assert_eq!(run_due(&fake).await, 1);
    assert_eq!(fake.settled(), [(Job::Succeed, "done")]);
}

#[tokio::test]
async fn a_lost_lease_ends_the_job() {
    let fake = Fake::<false>::default();
    assert_eq!(execute(&fake, Job::LoseLease).await, Some("lost"));
    assert_eq!(fake.settled(), [(Job::LoseLease, "lost")]);
}

#[tokio::test(start_paused = true)]
async fn a_settle_that_fails_is_tried_again() {
    let fake = Fake::<false>::with(&[Job::FailToSettle]);
    assert_eq!(run_due(&fake).await, 1);
    assert_eq!(fake.settled(), [(Job::FailToSettle, "done")]);
}

#[tokio::test]
async fn a_job_that_is_queued_wakes_the_loop() {
    let fake = Fake::<false>::default();
    let task = tokio::spawn(run(fake.clone(), pending()));
    tokio::task::yield_now().await;
    fake.state.lock().unwrap().due.push(Job::Succeed);
    fake.wake.notify_one();
    fake.until_settled(1).await;
    task.abort();
}

#[tokio::test]
async fn on_stop_running_jobs_are_finished_or_dropped() {
    let (stop, stopped) = oneshot::channel::<()>();
    let finishing = Fake::<false>::with(&[Job::Wait]);
    let task = tokio::spawn(run(finishing.clone(), stopped.map(drop)));
    stop.send(()).unwrap();
    finishing.release.notify_one();
    task.await.unwrap();
    assert_eq!(finishing.settled(), [(Job::Wait, "done")]);

    let (stop, stopped) = oneshot::channel::<()>();
    let dropping = Fake::<true>::with(&[Job::Wait, Job::Succeed]);
    let task = tokio::spawn(run(dropping.clone(), stopped.map(drop)));
    dropping.until_settled(1).await;
    stop.send(()).unwrap();
    task.await.unwrap();
    assert_eq!(dropping.settled(), [(Job::Succeed, "done")]);
}
