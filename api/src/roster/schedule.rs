//! Worker that syncs the configured sources when they are due, one after the other. The database
//! decides which server has the lease of a source.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use tracing::Span;

use super::{
    Deps, ExceededLimit, Extent, ImportReport, Outcome, RosterSource, SchoolReport,
    sync::{self, Started},
};
use crate::{
    context::Context,
    store::{
        ClaimResult, Db, Result, events::Actor, roster_sources::SyncTrigger, schools, staff_alerts,
    },
    telemetry::metrics::{JobMetrics, LeasedJob},
    workers::{OnStop, Slots, Worker, execute},
};

/// The longest pause before a failed sync is tried again.
const RETRY_AFTER: TimeDelta = TimeDelta::minutes(30);

/// Syncs the configured sources. Cheap to clone.
#[derive(Clone)]
pub struct SyncWorker {
    deps: Deps,
    sources: Arc<[RosterSource]>,
}

/// A source whose lease was taken.
pub struct SyncJob {
    /// The index of the source.
    index: usize,
    started: Started,
}

impl SyncWorker {
    /// A worker for these sources.
    #[must_use]
    pub fn new(deps: Deps, sources: Vec<RosterSource>) -> Self {
        Self { deps, sources: sources.into() }
    }

    fn source(&self, job: &SyncJob) -> &RosterSource {
        &self.sources[job.index]
    }

    /// Acquires the lease of a source, if it is due and no other server has the lease.
    async fn start(&self, index: usize) -> Option<SyncJob> {
        let source = self.sources.get(index)?;
        let extent = Extent::ChangesUnless {
            whole_every: TimeDelta::from_std(source.full_every).unwrap_or(TimeDelta::days(1)),
        };
        match sync::start(&self.deps, &source.provider, SyncTrigger::WhenDue, extent).await {
            Ok(started) => Some(SyncJob { index, started: started? }),
            Err(error) => {
                let name = source.provider.name();
                tracing::warn!(source = name, %error, "could not look whether a roster is due");
                None
            }
        }
    }
}

impl Worker for SyncWorker {
    type Job = SyncJob;
    type Outcome = Outcome;
    type Lane = usize;

    const NAME: &'static str = "roster_sync";
    const CONCURRENCY: usize = 1;
    const IDLE_PAUSE: Duration = Duration::from_secs(30);
    /// A sync takes minutes. A dropped sync has written each school completely or not at all.
    const ON_STOP: OnStop = OnStop::Drop;
    const LEASED: Option<LeasedJob> = Some(LeasedJob::RosterSync);

    fn metrics(&self) -> &JobMetrics {
        &self.deps.metrics
    }

    async fn claim(&self, slots: Slots<usize>) -> Result<ClaimResult<SyncJob>> {
        let first = slots.last.map_or(0, |last| last + 1);
        for index in (first..first + self.sources.len()).map(|index| index % self.sources.len()) {
            if let Some(job) = self.start(index).await {
                return Ok(ClaimResult::Claimed(vec![job]));
            }
        }
        Ok(ClaimResult::Nothing)
    }

    fn lane(&self, job: &SyncJob) -> usize {
        job.index
    }

    fn span(&self, job: &SyncJob) -> Span {
        tracing::info_span!("roster_sync", source = self.source(job).provider.name())
    }

    async fn run(&self, job: &SyncJob) -> Option<Outcome> {
        let source = self.source(job);
        Some(sync::run(&self.deps, &source.provider, &source.options, &job.started).await)
    }

    async fn keep_lease(&self, job: &SyncJob) -> Outcome {
        sync::keep_lease(&self.deps, &job.started).await
    }

    fn report(&self, job: &SyncJob, outcome: &Outcome) {
        let name = self.source(job).provider.name();
        match &outcome.report {
            Ok(report) => {
                let (people, refused) = (report.changes.people, report.is_refused());
                tracing::info!(
                    source = name,
                    people.added,
                    people.changed,
                    people.removed,
                    findings = report.findings.len(),
                    refused,
                    whole = outcome.is_whole,
                    "roster synced"
                );
                self.deps.metrics.count_sync(&name, if refused { "refused" } else { "synced" });
            }
            Err(error) => {
                self.deps.metrics.count_sync(&name, "failed");
                let error = format!("{error:#}");
                tracing::warn!(source = name, error, "roster sync failed");
            }
        }
    }

    fn is_success(&self, outcome: &Outcome) -> bool {
        outcome.failure().is_none()
    }

    async fn settle(&self, job: &Arc<SyncJob>, outcome: &Outcome) -> Result<bool> {
        let source = self.source(job);
        let every = TimeDelta::from_std(source.every).unwrap_or(TimeDelta::hours(6));
        let pause = if self.is_success(outcome) { every } else { every.min(RETRY_AFTER) };
        let due_at = Some(self.deps.clock.now() + pause);
        let is_news =
            sync::settle(&self.deps, &source.options, &job.started, outcome, due_at).await?;
        if let Ok(report) = &outcome.report
            && is_news
            && report.is_refused()
        {
            alert_staff_of_report(&self.deps, report).await;
        }
        Ok(true)
    }
}

/// Syncs one source if it is due and no other server has its lease. `None` when it did not sync, or
/// failed.
pub async fn sync_if_due(deps: &Deps, source: &RosterSource) -> Option<ImportReport> {
    let worker = SyncWorker::new(deps.clone(), vec![source.clone()]);
    let job = worker.start(0).await?;
    execute(&worker, job).await?.report.ok()
}

/// Alerts the staff of each school once about the reason why its roster was not updated.
async fn alert_staff_of_report(deps: &Deps, report: &ImportReport) {
    let reasons = |school: &SchoolReport| {
        let stops = report
            .stopped
            .iter()
            .filter(|stop| stop.sourced_id == school.sourced_id)
            .map(ExceededLimit::in_words);
        report.lacking.iter().map(ToString::to_string).chain(stops).collect::<Vec<_>>().join("; ")
    };
    let of_schools =
        report.schools.iter().map(|school| (school.sourced_id.clone(), reasons(school)));
    let letters: Vec<(String, String)> = of_schools.filter(|(_, why)| !why.is_empty()).collect();
    let (ctx, letters) = (deps.context(), Arc::new(letters));
    let told = deps
        .store
        .write(move |db| {
            letters.iter().try_for_each(|(school, why)| alert_school(db, &ctx, school, why))
        })
        .await;
    if let Err(error) = told {
        tracing::warn!(%error, "could not tell staff that a sync was refused");
    }
}

fn alert_school(db: &mut Db, ctx: &Context, sourced_id: &str, why: &str) -> Result<()> {
    let Some(school) = schools::by_sourced_id(db, sourced_id)? else { return Ok(()) };
    let summary = format!(
        "The roster was not updated: {why}. Please ask whoever looks after the school's data."
    );
    staff_alerts::alert(db, ctx, school, &Actor::school(), "staff_alerted", &summary)
}
