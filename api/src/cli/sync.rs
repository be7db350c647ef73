//! Runs `roster sync` with the arguments of the command line.

use std::sync::Arc;

use anyhow::Context as _;

use super::{SyncArguments, database, finish};
use crate::{
    config::Config,
    context::{Random, SystemClock},
    mail,
    roster::{
        self, Deps, Extent, ImportOptions,
        remote::{Limits, NewProvider, Provider},
    },
    store::roster_sources::SyncTrigger,
    telemetry::metrics::JobMetrics,
};

/// Syncs once and prints the report.
///
/// # Errors
/// Has a message for the person who ran the command; a refused sync is an error too.
pub(super) async fn sync(config: &Config, arguments: SyncArguments) -> anyhow::Result<()> {
    let SyncArguments {
        url,
        token_url,
        client_id,
        version,
        scope,
        ca_file,
        dry_run,
        json,
        school,
        time_zone,
        removals,
    } = arguments;
    // The secret is no argument, because every user of the machine can read command lines.
    let secret = config
        .oneroster_secret
        .clone()
        .context("PARLOUR_ONEROSTER_SECRET: is missing; give the client's secret")?;
    let provider =
        Provider::new(NewProvider { url, token_url, client_id, secret, scope, version, ca_file })?;
    mail::install_tls();
    let store = database::open_ready(config).await?;
    let options = ImportOptions {
        school: None,
        schools: school,
        dry_run,
        time_zone: time_zone.name().to_owned(),
        limit: removals.limit(),
    };
    let deps = Deps {
        store,
        clock: Arc::new(SystemClock::default()),
        random: Random::from_os(),
        limits: Limits::default(),
        metrics: JobMetrics::default(),
    };
    let report = if dry_run {
        roster::sync(&deps, &provider, &options).await
    } else {
        let turn =
            roster::sync_with_lease(&deps, &provider, &options, SyncTrigger::Now, Extent::Whole)
                .await?;
        turn.context("a sync of this provider is running; try again when it has ended")?.report
    };
    finish(report.context("the sync failed"), json)
}
