//! One sync: fetches a provider's roster completely, then imports it like files. Nothing is written
//! before everything is fetched.

use std::{sync::Arc, time::Duration};

use anyhow::anyhow;
use chrono::{DateTime, TimeDelta, Utc};

use super::{
    ImportOptions, ImportReport, import_delta, import_roster,
    remote::{self, Limits, Provider},
    source_schools,
};
use crate::{
    context::{Clock, Context, Random},
    store::{
        Db, Result, Store,
        roster_sources::{self, LastSyncs, Lease, SyncTrigger},
        sources::{Origin, SourceKind},
    },
    telemetry::metrics::{JobMetrics, LeasedJob},
};

/// Interval between renewals of a lease; several fit into its length.
const RENEW_INTERVAL: Duration = Duration::from_secs(60);

/// The dependencies of a sync. Cheap to clone.
#[derive(Clone)]
pub struct Deps {
    /// The database.
    pub store: Store,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Source of ids and of random pauses.
    pub random: Random,
    /// The time-outs and size limits.
    pub limits: Limits,
    /// Counts the outcomes of syncs.
    pub metrics: JobMetrics,
}

impl Deps {
    pub(super) fn context(&self) -> Context {
        Context::new(self.clock.now(), self.random.clone())
    }
}

/// Fetches the roster of a provider and imports those of its schools that the provider may write.
/// Takes no lease, so it suits a dry run.
///
/// # Errors
/// Fails if the roster can't be fetched completely, is refused as a whole, or the database fails.
/// In the first two cases nothing was written.
pub async fn sync(
    deps: &Deps,
    provider: &Provider,
    options: &ImportOptions,
) -> anyhow::Result<ImportReport> {
    let spool = remote::fetch(provider, deps.random.clone(), deps.limits.clone()).await?;
    let (format, wanted) = (
        provider.format(),
        source_schools::schools_to_read(&deps.store, provider, &options.schools).await?,
    );
    let roster = tokio::task::spawn_blocking(move || {
        parlour_roster::read_collections(spool, format, &wanted)
    })
    .await??;
    let writer =
        source_schools::check(&deps.store, provider, &options.schools, &roster.schools).await?;
    import_roster(
        &deps.store,
        &deps.context(),
        roster,
        options,
        Origin::new(SourceKind::Provider, provider.address()),
        Some(writer),
    )
    .await
}

/// Overlap with the last sync: changes are asked for from this long before it began. The provider's
/// clock may be slow, and changes that it was writing then became visible later.
const SINCE_OVERLAP: TimeDelta = TimeDelta::hours(1);

/// Extent of a roster that a sync asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extent {
    /// The whole roster.
    Whole,
    /// The changes since the last sync; but the whole roster if the last full sync is too old, or
    /// if the provider can't filter changes.
    ChangesUnless {
        /// The longest age of the last full sync.
        whole_every: TimeDelta,
    },
}

/// Fetches and imports the changes since a time. `None` when the provider can't filter changes, or
/// when the changes can't be read by themselves or may mean something else than they say.
async fn sync_changes(
    deps: &Deps,
    provider: &Provider,
    options: &ImportOptions,
    since: DateTime<Utc>,
) -> anyhow::Result<Option<ImportReport>> {
    let Some(spool) =
        remote::fetch_changes(provider, since, deps.random.clone(), deps.limits.clone()).await?
    else {
        tracing::info!(
            source = provider.name(),
            "the provider does not tell what has changed; asking for everything"
        );
        return Ok(None);
    };
    let (format, wanted) = (
        provider.format(),
        source_schools::schools_to_read(&deps.store, provider, &options.schools).await?,
    );
    let roster = match tokio::task::spawn_blocking(move || {
        parlour_roster::read_changes(spool, format, &wanted)
    })
    .await?
    {
        Ok(roster) => roster,
        Err(error) => {
            tracing::info!(
                source = provider.name(),
                %error,
                "the changes can't be read alone; asking for everything"
            );
            return Ok(None);
        }
    };
    let writer =
        source_schools::check(&deps.store, provider, &options.schools, &roster.schools).await?;
    let origin = Origin::new(SourceKind::Provider, provider.address());
    let report =
        import_delta(&deps.store, &deps.context(), roster, options, origin, writer).await?;
    if report.is_none() {
        tracing::info!(
            source = provider.name(),
            "the changes may mean more than they say; asking for everything"
        );
    }
    Ok(report)
}

/// Fetches and imports changes or the whole roster; the flag tells whether it was the whole roster.
async fn sync_since(
    deps: &Deps,
    provider: &Provider,
    options: &ImportOptions,
    since: Option<DateTime<Utc>>,
) -> anyhow::Result<(ImportReport, bool)> {
    if let Some(since) = since
        && let Some(report) = sync_changes(deps, provider, options, since).await?
    {
        return Ok((report, false));
    }
    Ok((sync(deps, provider, options).await?, true))
}

/// The time since which changes are enough; `None` if the whole roster is needed.
fn since(extent: Extent, synced: LastSyncs, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let Extent::ChangesUnless { whole_every } = extent else { return None };
    let (last, whole) = (synced.last?, synced.whole?);
    // If the clock went back, a full sync makes sure that nothing is missed.
    let is_fresh = *whole <= now && *last <= now && now - *whole < whole_every;
    is_fresh.then(|| *last - SINCE_OVERLAP)
}

/// A sync whose lease was taken.
pub(super) struct Started {
    lease: Lease,
    began_at: DateTime<Utc>,
    extent: Extent,
    /// The time since which changes are enough; `None` for a full sync.
    since: Option<DateTime<Utc>>,
}

/// The outcome of a sync.
pub struct Outcome {
    /// The report, or why there is none.
    pub report: anyhow::Result<ImportReport>,
    /// True if the whole roster was asked for.
    pub is_whole: bool,
}

impl Outcome {
    /// Why it failed or was refused; `None` for a success.
    pub(super) fn failure(&self) -> Option<String> {
        match &self.report {
            Ok(report) => report.refusal(),
            Err(error) => Some(format!("{error:#}")),
        }
    }
}

/// Syncs if the lease can be acquired; `None` when another server or command has it.
///
/// # Errors
/// Fails if the database fails before the sync begins.
pub async fn sync_with_lease(
    deps: &Deps,
    provider: &Provider,
    options: &ImportOptions,
    turn: SyncTrigger,
    extent: Extent,
) -> anyhow::Result<Option<Outcome>> {
    let Some(started) = start(deps, provider, turn, extent).await? else { return Ok(None) };
    let outcome = tokio::select! {
        outcome = run(deps, provider, options, &started) => outcome,
        lost = keep_lease(deps, &started) => {
            deps.metrics.count_lost_lease(LeasedJob::RosterSync);
            lost
        }
    };
    if let Err(error) = settle(deps, options, &started, &outcome, None).await {
        tracing::warn!(%error, "could not write down what came of a sync");
    }
    Ok(Some(outcome))
}

/// Acquires the lease of a source; `None` when another server or command has it, or it is not due.
pub(super) async fn start(
    deps: &Deps,
    provider: &Provider,
    turn: SyncTrigger,
    extent: Extent,
) -> Result<Option<Started>> {
    let (ctx, name) = (deps.context(), provider.name());
    let began_at = ctx.now;
    let take = move |db: &mut Db| roster_sources::acquire(db, &ctx, &name, turn);
    let Some(lease) = deps.store.write(take).await? else { return Ok(None) };
    let name = provider.name();
    let synced = deps.store.read(move |db| roster_sources::synced(db, &name)).await?;
    Ok(Some(Started { lease, began_at, extent, since: since(extent, synced, began_at) }))
}

/// Fetches and imports the roster of a started sync.
pub(super) async fn run(
    deps: &Deps,
    provider: &Provider,
    options: &ImportOptions,
    started: &Started,
) -> Outcome {
    match sync_since(deps, provider, options, started.since).await {
        Ok((report, is_whole)) => Outcome { report: Ok(report), is_whole },
        Err(error) => Outcome { report: Err(error), is_whole: started.since.is_none() },
    }
}

/// Records the outcome of a sync, releases the lease, and sets when the next sync is due. Returns
/// whether a failure is new: the sync before did not fail with the same text.
pub(super) async fn settle(
    deps: &Deps,
    options: &ImportOptions,
    started: &Started,
    outcome: &Outcome,
    due_at: Option<DateTime<Utc>>,
) -> Result<bool> {
    let (now, failure, is_whole) = (deps.clock.now(), outcome.failure(), outcome.is_whole);
    // A manual sync may cover only one school, so scheduled syncs continue from the last scheduled
    // one.
    let is_remembered = failure.is_none() && started.extent != Extent::Whole && !options.dry_run;
    let (lease, began_at) = (started.lease.clone(), started.began_at);
    let give_back = move |db: &mut Db| {
        if is_remembered {
            roster_sources::record_success(db, &lease, began_at, is_whole)?;
        }
        roster_sources::release(db, now, &lease, due_at, failure.as_deref())
    };
    deps.store.write(give_back).await
}

/// Renews the lease while the sync runs; returns only when the lease is lost.
pub(super) async fn keep_lease(deps: &Deps, started: &Started) -> Outcome {
    loop {
        tokio::time::sleep(RENEW_INTERVAL).await;
        let (now, lease) = (deps.clock.now(), started.lease.clone());
        match deps.store.write(move |db| roster_sources::renew(db, now, &lease)).await {
            Ok(true) => {}
            Ok(false) => {
                let report = Err(anyhow!("another server has taken over this sync"));
                return Outcome { report, is_whole: started.since.is_none() };
            }
            Err(error) => tracing::warn!(%error, "could not renew the lease of a sync"),
        }
    }
}
