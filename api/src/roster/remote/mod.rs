//! Fetching of whole rosters from a `OneRoster` 1.1 or 1.2 provider over REST, into unnamed files.
//! Knows HTTP and no database.

mod http;
mod pages;
mod provider;
mod tls;
mod token;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use parlour_roster::{Collection, Spool};

use self::{
    http::Http,
    pages::{Fetched, Pages},
};
pub use self::{
    http::Limits,
    provider::{NewProvider, Provider, Version},
};
use crate::context::Random;

/// Fetches every page of every collection. The result is complete: anything less is an error.
///
/// Names and addresses are kept in unnamed temporary files, so that nothing of them is left when
/// the process ends, in whatever way.
///
/// # Errors
/// Fails if a collection can't be fetched completely within the limits: the provider refuses, does
/// not answer, or sends too much or something that is not `OneRoster`.
pub async fn fetch(provider: &Provider, random: Random, limits: Limits) -> anyhow::Result<Spool> {
    fetch_since(provider, None, random, limits)
        .await?
        .context("a provider that was asked for everything has not sent it")
}

/// Like [`fetch`], but fetches only those classes, people and enrolments that the provider has
/// changed after `since`, including removed ones. `None` when the provider can't filter changes: it
/// refuses the filter, or sends older objects.
///
/// # Errors
/// Those of [`fetch`].
pub async fn fetch_changes(
    provider: &Provider,
    since: DateTime<Utc>,
    random: Random,
    limits: Limits,
) -> anyhow::Result<Option<Spool>> {
    fetch_since(provider, Some(since), random, limits).await
}

async fn fetch_since(
    provider: &Provider,
    since: Option<DateTime<Utc>>,
    random: Random,
    limits: Limits,
) -> anyhow::Result<Option<Spool>> {
    let all = limits.all;
    let work = async {
        let mut spool = Spool::default();
        let mut pages =
            Pages::new(provider, Http::new(random, limits, &provider.authorities)?, since);
        for collection in Collection::ALL {
            if pages.read(collection, &mut spool).await? == Fetched::Unfiltered {
                return Ok(None);
            }
        }
        Ok(Some(spool))
    };
    tokio::time::timeout(all, work)
        .await
        .with_context(|| format!("the roster could not be fetched in {} s", all.as_secs()))?
}
