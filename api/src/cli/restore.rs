//! Runs `roster restore` with what the command line names.

use anyhow::Context as _;
use parlour_domain::restoration::NotRestored;
use uuid::Uuid;

use super::database;
use crate::{
    config::Config,
    context::{Clock as _, Context, Random, SystemClock},
    store::{Error, events::Actor, roster},
    views,
};

/// Brings back what the import ended, and prints each thing in a line.
///
/// # Errors
/// A sentence for the one who gave the command.
pub(super) async fn restore(config: &Config, import: Uuid, dry_run: bool, json: bool) -> anyhow::Result<()> {
    let store = database::ready(config).await?;
    let ctx = Context::new(SystemClock::default().now(), Random::from_os());
    let restored = store
        .write(move |db| {
            let school = roster::school_of(db, import)?;
            roster::restore(db, &ctx, school, import, &Actor::school(), dry_run)
        })
        .await;
    let restored = match restored {
        Err(Error::NotFound) => anyhow::bail!("there is no import {import}; the report of an import, GET /roster/imports and the office's mail show its id"),
        other => other.context("nothing was brought back")?,
    };
    if json {
        println!("{}", serde_json::to_string_pretty(&views::roster::restored(&restored))?);
        return Ok(());
    }
    if dry_run {
        println!("Dry run: nothing was written.\n");
    }
    for item in &restored.items {
        match item.reason {
            None => println!("+ {} {}", item.kind, item.what),
            Some(reason) => println!("  {} {}: not brought back, since {}", item.kind, item.what, NotRestored::words(reason)),
        }
    }
    let back = restored.items.iter().filter(|item| item.reason.is_none()).count();
    println!("\n{back} of {} brought back.", restored.items.len());
    Ok(())
}
