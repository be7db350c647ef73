//! One sync: fetches a provider's roster whole, then imports it as files are imported. Nothing is applied before everything is there.

use std::{sync::Arc, time::Duration};

use anyhow::bail;
use chrono::{DateTime, Utc};

use super::{
    ImportOptions, ImportReport, bring_in,
    remote::{self, Limits, Provider},
};
use crate::{
    context::{Clock, Context, Random},
    store::{
        Store,
        roster_sources::{self, Lease, Turn},
        sources::{Origin, SourceKind},
    },
};

/// How often a turn is kept; several times within its lease.
const KEEP: Duration = Duration::from_secs(60);

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
}

impl Deps {
    pub(super) fn context(&self) -> Context {
        Context::new(self.clock.now(), self.random.clone())
    }
}

/// Fetches the roster of a provider and imports it; of one school, if the options say so. Takes no turn: good for a dry run.
///
/// # Errors
/// When the roster can't be had whole, is refused as a whole, or the database fails. In the first two cases nothing was written.
pub async fn sync(deps: &Deps, provider: &Provider, options: &ImportOptions) -> anyhow::Result<ImportReport> {
    let spool = remote::fetch(provider, deps.random.clone(), deps.limits.clone()).await?;
    let (format, only) = (provider.format(), options.school.clone());
    let roster = tokio::task::spawn_blocking(move || parlour_roster::read_collections(spool, format, only.as_deref())).await??;
    bring_in(&deps.store, &deps.context(), roster, options, Origin::new(SourceKind::Provider, provider.name())).await
}

/// What came of a turn.
pub struct Outcome {
    /// The report, or why there is none.
    pub report: anyhow::Result<ImportReport>,
    /// Whether it failed, or was stopped, in other words than the turn before.
    pub is_news: bool,
}

/// Syncs if the turn can be taken; none when another server or command has it, or it is not due. `next` says from the outcome when the next turn is due.
///
/// # Errors
/// When the database fails before the turn begins.
pub async fn sync_in_turn(
    deps: &Deps,
    provider: &Provider,
    options: &ImportOptions,
    turn: Turn,
    next: impl FnOnce(DateTime<Utc>, bool) -> Option<DateTime<Utc>>,
) -> anyhow::Result<Option<Outcome>> {
    let (ctx, name) = (deps.context(), provider.name());
    let Some(lease) = deps.store.write(move |db| roster_sources::take(db, &ctx, &name, turn)).await? else { return Ok(None) };
    let report = tokio::select! {
        report = sync(deps, provider, options) => report,
        lost = keep(deps, &lease) => lost,
    };
    let failure = match &report {
        Ok(report) if report.stopped.is_empty() => None,
        Ok(report) => Some(report.stopped.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")),
        Err(error) => Some(format!("{error:#}")),
    };
    let (now, due_at) = (deps.clock.now(), next(deps.clock.now(), failure.is_none()));
    let is_news = deps.store.write(move |db| roster_sources::give_back(db, now, &lease, due_at, failure.as_deref())).await;
    let is_news = is_news.inspect_err(|error| tracing::warn!(%error, "could not note what came of a sync")).unwrap_or(false);
    Ok(Some(Outcome { report, is_news }))
}

/// Keeps the turn while the sync goes on; ends only when it is lost.
async fn keep(deps: &Deps, lease: &Lease) -> anyhow::Result<ImportReport> {
    loop {
        tokio::time::sleep(KEEP).await;
        let (now, lease) = (deps.clock.now(), lease.clone());
        match deps.store.write(move |db| roster_sources::keep(db, now, &lease)).await {
            Ok(true) => {}
            Ok(false) => bail!("another server has taken over this sync"),
            Err(error) => tracing::warn!(%error, "could not keep the turn of a sync"),
        }
    }
}
