//! Syncs the sources of the settings when they are due, one after the other. Whose turn it is, the
//! database decides.

use std::{future::Future, pin::pin, sync::Arc, time::Duration};

use chrono::TimeDelta;
use tracing::Instrument;

use super::{Deps, Extent, ImportReport, RosterSource, SchoolReport, Stop, sync::sync_in_turn};
use crate::context::Context;
use crate::store::{Db, Result, events::Actor, roster_sources::Turn, schools, staff_alerts};

/// How often one looks whether a source is due.
const REST: Duration = Duration::from_secs(30);
/// How soon a sync that failed is tried again, at most.
const AGAIN: TimeDelta = TimeDelta::minutes(30);

/// Syncs until `shutdown` is ready; a sync that goes on then is dropped, and has written nothing or
/// all of a school.
pub async fn run(deps: Deps, sources: Vec<RosterSource>, shutdown: impl Future<Output = ()>) {
    let mut shutdown = pin!(shutdown);
    loop {
        for source in &sources {
            tokio::select! {
                biased;
                () = &mut shutdown => return,
                _ = sync_if_due(&deps, source) => {}
            }
        }
        tokio::select! {
            biased;
            () = &mut shutdown => return,
            () = tokio::time::sleep(REST) => {}
        }
    }
}

/// Syncs one source if it is due and no other server does it. The log says what came of it, without
/// a name; staff are told when it was refused.
pub async fn sync_if_due(deps: &Deps, source: &RosterSource) -> Option<ImportReport> {
    let every = TimeDelta::from_std(source.every).unwrap_or(TimeDelta::hours(6));
    let next = |now, went_well| Some(now + if went_well { every } else { every.min(AGAIN) });
    let name = source.provider.name();
    let extent = Extent::ChangesUnless {
        whole_every: TimeDelta::from_std(source.full_every).unwrap_or(TimeDelta::days(1)),
    };
    let span = tracing::info_span!("roster_sync", source = name);
    let outcome = match sync_in_turn(
        deps,
        &source.provider,
        &source.options,
        Turn::WhenDue,
        extent,
        next,
    )
    .instrument(span)
    .await
    {
        Ok(outcome) => outcome?,
        Err(error) => {
            tracing::warn!(source = name, error = %format!("{error:#}"), "could not look whether a roster is due");
            return None;
        }
    };
    match outcome.report {
        Ok(report) => {
            let (people, refused, whole) =
                (report.changes.people, report.is_refused(), outcome.is_whole);
            tracing::info!(
                source = name,
                people.added,
                people.changed,
                people.removed,
                findings = report.findings.len(),
                refused,
                whole,
                "roster synced"
            );
            deps.metrics.count_sync(&name, if refused { "refused" } else { "synced" });
            if outcome.is_news && refused {
                tell_staff(deps, &report).await;
            }
            Some(report)
        }
        Err(error) => {
            deps.metrics.count_sync(&name, "failed");
            tracing::warn!(source = name, error = %format!("{error:#}"), "roster sync failed");
            None
        }
    }
}

/// Tells the staff of each school once why its roster stands still.
async fn tell_staff(deps: &Deps, report: &ImportReport) {
    let reasons = |school: &SchoolReport| {
        let stops = report
            .stopped
            .iter()
            .filter(|stop| stop.sourced_id == school.sourced_id)
            .map(Stop::in_words);
        report.lacking.iter().map(ToString::to_string).chain(stops).collect::<Vec<_>>().join("; ")
    };
    let of_schools =
        report.schools.iter().map(|school| (school.sourced_id.clone(), reasons(school)));
    let letters: Vec<(String, String)> = of_schools.filter(|(_, why)| !why.is_empty()).collect();
    let (ctx, letters) = (deps.context(), Arc::new(letters));
    let told = deps
        .store
        .write(move |db| letters.iter().try_for_each(|(school, why)| tell(db, &ctx, school, why)))
        .await;
    if let Err(error) = told {
        tracing::warn!(%error, "could not tell staff that a sync was refused");
    }
}

fn tell(db: &mut Db, ctx: &Context, sourced_id: &str, why: &str) -> Result<()> {
    let Some(school) = schools::by_sourced_id(db, sourced_id)? else { return Ok(()) };
    let summary = format!(
        "The roster was not updated: {why}. Please ask whoever looks after the school's data."
    );
    staff_alerts::alert(db, ctx, school, &Actor::school(), "staff_alerted", &summary)
}
