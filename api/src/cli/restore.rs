//! Runs `roster restore` with the arguments of the command line.

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

/// Restores what an import ended, and prints one line for each item.
///
/// # Errors
/// Has a message for the person who ran the command.
pub(super) async fn restore(
    config: &Config,
    import: Uuid,
    dry_run: bool,
    json: bool,
) -> anyhow::Result<()> {
    let store = database::open_ready(config).await?;
    let ctx = Context::new(SystemClock::default().now(), Random::from_os());
    let restored = store
        .write(move |db| {
            let school = roster::school_of(db, import)?;
            roster::restore(db, &ctx, school, import, &Actor::school(), dry_run)
        })
        .await;
    let restored = match restored {
        Err(Error::NotFound) => anyhow::bail!(
            "there is no import {import}; the report of an import, GET /roster/imports and the \
             office's mail show its id"
        ),
        // A refusal is a full sentence already, so no context is added.
        Err(Error::Refused(refusal)) => anyhow::bail!("{refusal}"),
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
            Some(reason) => println!(
                "  {} {}: not brought back, since {}",
                item.kind,
                item.what,
                NotRestored::description(reason)
            ),
        }
    }
    let back = restored.items.iter().filter(|item| item.reason.is_none()).count();
    println!("\n{}", summary(back, restored.items.len(), dry_run));
    Ok(())
}

/// The summary line: how many items were restored or, in a dry run, would be.
fn summary(back: usize, all: usize, dry_run: bool) -> String {
    match (all, dry_run) {
        (0, _) => "The import ended nothing: there is nothing to bring back.".to_owned(),
        (_, true) => format!("{back} of {all} would be brought back."),
        (_, false) => format!("{back} of {all} brought back."),
    }
}

#[cfg(test)]
mod tests {
    use super::summary;

    #[test]
    fn restore_summary_uses_the_conditional_for_a_dry_run() {
        assert_eq!(summary(3, 5, true), "3 of 5 would be brought back.");
        assert_eq!(summary(3, 5, false), "3 of 5 brought back.");
        assert!(summary(0, 0, false).contains("ended nothing"));
    }
}
