//! Benchmark of the signalling of calls: more and more calls of four on one node, until a
//! newcomer's offer takes too long to reach the others.

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
    participant::{ByteCounter, CallSetup},
    school::{Call, School},
};
use crate::statistics::{median, quantile, rounded};

/// The number of calls that begin in a step.
const CALLS_PER_STEP: usize = 100;
/// The number of calls that begin at the same time.
const CONCURRENT_JOINS: usize = 8;
/// The step is overloaded if one offer in a hundred takes longer than this.
const MAX_OFFER_MS: f64 = 250.0;
/// The calls are entered before they begin, as on a real evening.
const STARTS_IN: TimeDelta = TimeDelta::seconds(570);
/// The time limit for a call to come together.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The address of the server, and its database.
#[derive(Args)]
pub struct Arguments {
    #[arg(long)]
    server: SocketAddr,
    #[arg(long)]
    database: String,
    /// The maximum number of calls.
    #[arg(long, default_value_t = 2_000)]
    calls: usize,
}

/// The figures of a step.
struct LoadStep {
    calls: usize,
    joins_per_s: f64,
    offers_ms: Vec<f64>,
}

/// Starts calls step by step, and prints the figures of the last step that the server could
/// sustain.
///
/// # Errors
/// If a call does not come together, or the database does not contain the generated school.
pub async fn run(arguments: &Arguments) -> Result<()> {
    let school = School::open(&arguments.database).await?;
    let calls = school.prepare(arguments.calls, STARTS_IN).await?;
    ensure!(!calls.is_empty(), "nobody has booked anything");
    let byte_counter = Arc::new(ByteCounter::default());
    let (mut carried, mut begun): (Option<LoadStep>, usize) = (None, 0);
    for some in calls.chunks(CALLS_PER_STEP) {
        begun += some.len();
        let stage = begin(arguments.server, some, begun, &byte_counter)
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
        let is_too_much = p99 > MAX_OFFER_MS;
        if !is_too_much || carried.is_none() {
            carried = Some(stage);
        }
        if is_too_much {
            break;
        }
    }
    let carried = carried.context("no call began")?;
    let (over_capacity, double_booked) = school.broken_rules().await?;
    let participants = begun * Call::SIZE;
    println!(
        "{}",
        json!({
            "calls": carried.calls,
            "joins_per_s": rounded(carried.joins_per_s, 1),
            "join_to_offer_p50_ms": rounded(median(carried.offers_ms.iter().copied()), 2),
            "join_to_offer_p99_ms": rounded(quantile(carried.offers_ms.iter().copied(), 0.99), 2),
            "bytes_per_participant": byte_counter.bytes() / participants as u64,
            "over_capacity": over_capacity,
            "doubled": double_booked,
        })
    );
    Ok(())
}

/// Starts these calls, a few at a time; they continue afterwards.
async fn begin(
    server: SocketAddr,
    calls: &[Call],
    all: usize,
    byte_counter: &Arc<ByteCounter>,
) -> Result<LoadStep> {
    let started = Instant::now();
    let come_together = |call: &Call| {
        let (setup, call) =
            (Arc::new(CallSetup::new(call.booking, Arc::clone(byte_counter))), call.clone());
        async move {
            let all_in = try_join_all(
                call.people
                    .iter()
                    .map(|person| participant::enter(server, person.clone(), Arc::clone(&setup))),
            );
            timeout(TIMEOUT, all_in).await.context("not everybody got in")??;
            timeout(TIMEOUT, setup.complete()).await.context("an offer got lost")?;
            anyhow::Ok(setup.offers_ms())
        }
    };
    let offers: Vec<Vec<f64>> = stream::iter(calls)
        .map(come_together)
        .buffer_unordered(CONCURRENT_JOINS)
        .try_collect()
        .await?;
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let joins_per_s = (calls.len() * Call::SIZE) as f64 / started.elapsed().as_secs_f64();
    Ok(LoadStep { calls: all, joins_per_s, offers_ms: offers.concat() })
}
