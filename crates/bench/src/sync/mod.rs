//! Benchmark of imports: the same school of 10,000 people from files and over REST, with duration
//! and memory.

mod provider;

use std::{path::PathBuf, process::Command};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use nix::sys::resource::{UsageWho, getrusage};
use serde_json::{Value, json};
use tokio::time::Instant;

use self::provider::Provider;
use crate::{
    school,
    statistics::{median, rounded},
};

/// 4,260 families with 4,260 parents and 5,680 students, and 60 teachers.
const FAMILIES: usize = 4_260;
const PEOPLE: u64 = 10_000;
const ROUNDS: usize = 3;

/// The command line.
#[derive(Args)]
pub struct Arguments {
    /// The path of the server binary.
    #[arg(long)]
    server: PathBuf,
    /// An empty folder for the roster and the databases.
    #[arg(long)]
    folder: PathBuf,
}

/// Runs the imports and syncs in rounds, each into a new SQLite file, and prints the figures.
///
/// # Errors
/// If a command fails, or its report is not as expected.
pub async fn run(arguments: &Arguments) -> Result<()> {
    let roster = arguments.folder.join("roster");
    school::write_roster(&roster, FAMILIES)?;
    let provider = Provider::start(&roster).await?;
    let (mut imports, mut syncs, mut again) = (Vec::new(), Vec::new(), Vec::new());
    let mut peak_mb = 0.0;
    for round in 0..ROUNDS {
        let run = Run {
            arguments,
            provider: &provider,
            database: arguments.folder.join(format!("sync-{round}.db")),
        };
        syncs.push(run.sync("added").await?);
        again.push(run.sync("unchanged").await?);
        // The peak of the largest child process so far. It is read after the first round's syncs
        // only: the import reads the files with the same code.
        if round == 0 {
            peak_mb = peak_of_children()?;
        }
        let run = Run { database: arguments.folder.join(format!("import-{round}.db")), ..run };
        imports.push(
            run.timed(&["roster", "import", &roster.display().to_string(), "--json"], "added")
                .await?,
        );
        println!(
            "round {}: import {:.2} s, sync {:.2} s, the same again {:.2} s",
            round + 1,
            imports[round],
            syncs[round],
            again[round]
        );
    }
    let seconds = |all: Vec<f64>| rounded(median(all), 2);
    println!(
        "{}",
        json!({
            "import_s": seconds(imports),
            "sync_s": seconds(syncs),
            "unchanged_sync_s": seconds(again),
            "peak_mb": rounded(peak_mb, 0),
            "people": PEOPLE,
        })
    );
    Ok(())
}

struct Run<'a> {
    arguments: &'a Arguments,
    provider: &'a Provider,
    database: PathBuf,
}

impl Run<'_> {
    async fn sync(&self, outcome: &str) -> Result<f64> {
        let (url, token_url) =
            (self.provider.origin(), format!("{}/token", self.provider.origin()));
        self.timed(
            &[
                "roster",
                "sync",
                "--url",
                &url,
                "--token-url",
                &token_url,
                "--client-id",
                "bench",
                "--json",
            ],
            outcome,
        )
        .await
    }

    /// Runs a command of the server binary, checks that all people had this outcome, and returns
    /// the duration.
    async fn timed(&self, words: &[&str], outcome: &str) -> Result<f64> {
        let mut command = Command::new(&self.arguments.server);
        command
            .args(words)
            .env("PARLOUR_MODE", "demo")
            .env("PARLOUR_LOG", "warn")
            .env("PARLOUR_ONEROSTER_SECRET", "bench");
        command.env("DATABASE_URL", format!("sqlite://{}", self.database.display()));
        let begun = Instant::now();
        let ended = tokio::task::spawn_blocking(move || command.output())
            .await?
            .context("the server's program does not start")?;
        let took = begun.elapsed().as_secs_f64();
        ensure!(ended.status.success(), "{words:?}: {}", String::from_utf8_lossy(&ended.stderr));
        let report: Value =
            serde_json::from_slice(&ended.stdout).context("the report is not JSON")?;
        let people = report.pointer(&format!("/changes/people/{outcome}")).and_then(Value::as_u64);
        ensure!(people == Some(PEOPLE), "{words:?}: {people:?} people {outcome}");
        Ok(took)
    }
}

/// The peak memory of child processes, in megabytes; Linux reports kibibytes (getrusage(2)).
#[expect(clippy::cast_precision_loss, reason = "a rounded size for display")]
fn peak_of_children() -> Result<f64> {
    Ok(getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss() as f64 * 1024.0 / 1e6)
}
