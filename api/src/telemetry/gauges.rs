//! The gauges: the state of the queues, calls and connections at the moment of a scrape.

use chrono::{DateTime, Utc};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, gauge::Gauge, info::Info},
    registry::Registry,
};

use crate::store::{
    Result, Store,
    backlog::{self, Backlog, Queue},
};

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct QueueLabel {
    queue: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct SourceLabel {
    source: String,
}

/// The gauges of a process, set at each scrape. Those of queues, seats and sources are read from
/// the database and are the same on every node; the others count this process alone.
pub(super) struct Gauges {
    due: Family<QueueLabel, Gauge>,
    oldest_due: Family<QueueLabel, Gauge>,
    last_sync: Family<SourceLabel, Gauge>,
    seats: Gauge,
    sockets: Gauge,
    connections: Gauge,
}

impl Gauges {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let gauges = Self {
            due: Family::default(),
            oldest_due: Family::default(),
            last_sync: Family::default(),
            seats: Gauge::default(),
            sockets: Gauge::default(),
            connections: Gauge::default(),
        };
        registry.register(
            "queue_due",
            "Rows of the outbox and of webhook deliveries that are due and not sent",
            gauges.due.clone(),
        );
        registry.register(
            "queue_oldest_due_seconds",
            "How long the oldest row that is due has been waiting",
            gauges.oldest_due.clone(),
        );
        registry.register(
            "roster_last_success_timestamp_seconds",
            "When a source's roster was last synced, as Unix time",
            gauges.last_sync.clone(),
        );
        registry.register(
            "call_seats",
            "Seats taken in all calls of the database",
            gauges.seats.clone(),
        );
        registry.register(
            "call_sockets",
            "WebSockets of calls that are open in this process",
            gauges.sockets.clone(),
        );
        registry.register(
            "http_connections",
            "Connections that are open in this process",
            gauges.connections.clone(),
        );
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The version that runs", build);
        gauges
    }

    /// Reads the current values from the database and this process.
    ///
    /// # Errors
    /// Errors of the database.
    pub(super) async fn update(
        &self,
        store: &Store,
        now: DateTime<Utc>,
        sockets: usize,
        connections: usize,
    ) -> Result<()> {
        self.sockets.set(count(sockets));
        self.connections.set(count(connections));
        let Backlog { mails, webhooks, seats, sources } =
            store.read(move |db| backlog::read(db, now)).await?;
        self.set_queue("mail", mails, now);
        self.set_queue("webhook", webhooks, now);
        self.seats.set(seats);
        for (source, succeeded_at) in sources {
            self.last_sync.get_or_create(&SourceLabel { source }).set(succeeded_at.timestamp());
        }
        Ok(())
    }

    fn set_queue(&self, queue: &'static str, found: Queue, now: DateTime<Utc>) {
        let age = found.oldest_due_at.map_or(0, |due_at| (now - due_at).num_seconds().max(0));
        self.due.get_or_create(&QueueLabel { queue }).set(found.due);
        self.oldest_due.get_or_create(&QueueLabel { queue }).set(age);
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
