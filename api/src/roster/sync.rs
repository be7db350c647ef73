//! One sync: fetches a provider's roster whole, then imports it as files are imported. Nothing is
//! applied before everything is there.

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

/// How often a turn is kept; several times within its lease.
const RENEW_INTERVAL: Duration = Duration::from_secs(60);

/// What a sync works with. Cheap to clone.
#[derive(Clone)]
pub struct Deps {
    /// Where the roster goes.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids, and pauses by chance.
    pub random: Random,
    /// How patient it is.
    pub limits: Limits,
    /// Counts what syncs came to.
    pub metrics: JobMetrics,
}

impl Deps {
    pub(super) fn context(&self) -> Context {
        Context::new(self.clock.now(), self.random.clone())
    }
}

/// Fetches the roster of a provider and imports those of its schools that the provider may write.
/// Takes no turn: good for a dry run.
///
/// # Errors
/// When the roster can't be had whole, is refused as a whole, or the database fails. In the first
/// two cases nothing was written.
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

/// How far back one asks before the time at which the last sync began: the provider's clock may be
/// slow, and what it was writing then came later.
const SINCE_OVERLAP: TimeDelta = TimeDelta::hours(1);

/// How much of a roster a sync asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extent {
    /// All of it.
    Whole,
    /// What has changed since the last sync, and all of it when the last whole one is this long
    /// ago, or the provider can't tell.
    ChangesUnless {
        /// How old the last whole sync may be.
        whole_every: TimeDelta,
    },
}

/// Asks for changes since a time; none when the provider does not tell them apart, they can't be
/// read alone, or leave open what they mean.
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

/// A report, and whether it is of a whole roster.
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

/// From when on changes are enough.
fn since(extent: Extent, synced: LastSyncs, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let Extent::ChangesUnless { whole_every } = extent else { return None };
    let (last, whole) = (synced.last?, synced.whole?);
    // A clock that went back is no reason to miss something.
    let is_fresh = *whole <= now && *last <= now && now - *whole < whole_every;
    is_fresh.then(|| *last - SINCE_OVERLAP)
}

/// A sync whose lease was taken.
pub(super) struct Started {
    lease: Lease,
    began_at: DateTime<Utc>,
    extent: Extent,
    /// From when on changes are enough; none for a whole sync.
    since: Option<DateTime<Utc>>,
}

/// What came of a sync.
pub struct Outcome {
    /// The report, or why there is none.
    pub report: anyhow::Result<ImportReport>,
    /// Whether all of the roster was asked for.
    pub is_whole: bool,
}

impl Outcome {
    /// Why it failed or was refused; none for a success.
    pub(super) fn failure(&self) -> Option<String> {
        match &self.report {
            Ok(report) => report.refusal(),
            Err(error) => Some(format!("{error:#}")),
        }
    }
}

/// Syncs if the lease can be taken; none when another server or command has it.
///
/// # Errors
/// When the database fails before the sync begins.
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

/// Takes the lease of a source; none when another server or command has it, or it is not due.
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

/// Fetches and imports what was started.
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

/// Writes down what came of a sync, gives the lease back, and says when the next one is due.
/// Whether a failure is news: the sync before did not fail in the same words.
pub(super) async fn settle(
    deps: &Deps,
    options: &ImportOptions,
    started: &Started,
    outcome: &Outcome,
    due_at: Option<DateTime<Utc>>,
) -> Result<bool> {
    let (now, failure, is_whole) = (deps.clock.now(), outcome.failure(), outcome.is_whole);
    // A sync that was asked for by hand may be of one school; those by themselves go on from their
    // own.
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

/// Renews the lease while the sync goes on; ends only when it is lost.
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
