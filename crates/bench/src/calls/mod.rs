//! The signalling of calls under load: more and more calls of four on one node, until a newcomer's
//! offer takes too long to reach the others.

mod participant;
pub(crate) mod school;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, ensure};
use chrono::TimeDelta;
use clap::Args;
use futures_util::{StreamExt, TryStreamExt, future::try_join_all, stream};
use serde_json::json;
use tokio::time::{Instant, timeout};

use self::{
    participant::{Ledger, Meeting},
    school::{Call, School},
};
use crate::median::{median, quantile, rounded};

/// How many calls begin in a stage.
const STAGE: usize = 100;
/// How many of them begin at the same time.
const AT_ONCE: usize = 8;
/// A stage is too much when an offer in a hundred takes longer than this.
const TOO_LONG_MS: f64 = 250.0;
/// The calls are entered before they begin, as on an evening.
const BEGINS_IN: TimeDelta = TimeDelta::seconds(570);
/// Longer than any call needs to come together.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the server is.
#[derive(Args)]
pub struct Arguments {
    #[arg(long)]
    server: SocketAddr,
    #[arg(long)]
    database: String,
    /// How many calls there are at most.
    #[arg(long, default_value_t = 2_000)]
    calls: usize,
}

/// What a stage came to.
struct Stage {
    calls: usize,
    joins_per_s: f64,
    offers_ms: Vec<f64>,
}

/// Lets calls begin, stage by stage, and prints the figures of the last one that the server
/// carried.
///
/// # Errors
/// When a call does not come together, or the database is not that of the generated school.
pub async fn run(arguments: &Arguments) -> Result<()> {
    let school = School::open(&arguments.database).await?;
    let calls = school.prepare(arguments.calls, BEGINS_IN).await?;
    ensure!(!calls.is_empty(), "nobody has booked anything");
    let ledger = Arc::new(Ledger::default());
    let (mut carried, mut begun): (Option<Stage>, usize) = (None, 0);
    for some in calls.chunks(STAGE) {
        begun += some.len();
        let stage = begin(arguments.server, some, begun, &ledger)
            .await
            .with_context(|| format!("with {begun} calls"))?;
        let (p50, p99) = (
            median(stage.offers_ms.iter().copied()),
            quantile(stage.offers_ms.iter().copied(), 0.99),
        );
        println!(
            "{begun:>5} calls: {:>6.0} joins/s, join to offer {p50:.1} ms, p99 {p99:.1} ms",
            stage.joins_per_s
        );
        let is_too_much = p99 > TOO_LONG_MS;
        if !is_too_much || carried.is_none() {
            carried = Some(stage);
        }
        if is_too_much {
            break;
        }
    }
    let carried = carried.context("no call began")?;
    let (over_capacity, doubled) = school.broken_rules().await?;
    let participants = begun * Call::SIZE;
    println!(
        "{}",
        json!({
            "calls": carried.calls,
            "joins_per_s": rounded(carried.joins_per_s, 1),
            "join_to_offer_p50_ms": rounded(median(carried.offers_ms.iter().copied()), 2),
            "join_to_offer_p99_ms": rounded(quantile(carried.offers_ms.iter().copied(), 0.99), 2),
            "bytes_per_participant": ledger.bytes() / participants as u64,
            "over_capacity": over_capacity,
            "doubled": doubled,
        })
    );
    Ok(())
}

/// Lets these calls begin, a few at a time; they go on afterwards.
async fn begin(
    server: SocketAddr,
    calls: &[Call],
    all: usize,
    ledger: &Arc<Ledger>,
) -> Result<Stage> {
    let started = Instant::now();
    let come_together = |call: &Call| {
        let (meeting, call) =
            (Arc::new(Meeting::new(call.booking, Arc::clone(ledger))), call.clone());
        async move {
            let all_in =
                try_join_all(call.people.iter().map(|person| {
                    participant::enter(server, person.clone(), Arc::clone(&meeting))
                }));
            timeout(PATIENCE, all_in).await.context("not everybody got in")??;
            timeout(PATIENCE, meeting.complete()).await.context("an offer got lost")?;
            anyhow::Ok(meeting.offers_ms())
        }
    };
    let offers: Vec<Vec<f64>> =
        stream::iter(calls).map(come_together).buffer_unordered(AT_ONCE).try_collect().await?;
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let joins_per_s = (calls.len() * Call::SIZE) as f64 / started.elapsed().as_secs_f64();
    Ok(Stage { calls: all, joins_per_s, offers_ms: offers.concat() })
}
