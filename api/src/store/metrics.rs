//! Metrics of database work: waiting time, duration, refusals.

use std::time::{Duration, Instant};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::Registry,
};

/// The upper bounds of the classes of a duration, in seconds.
const BUCKETS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.0, 10.0];

/// Whether work only reads. On SQLite writes go through one thread.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Read,
    Write,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct KindLabel {
    kind: &'static str,
}

/// The metrics of a [`super::Store`]. Cheap to clone.
#[derive(Clone)]
pub struct DatabaseMetrics {
    wait: Family<KindLabel, Histogram>,
    work: Family<KindLabel, Histogram>,
    busy: Counter,
}

impl Default for DatabaseMetrics {
    fn default() -> Self {
        let histogram =
            || Family::new_with_constructor((|| Histogram::new(BUCKETS)) as fn() -> Histogram);
        Self { wait: histogram(), work: histogram(), busy: Counter::default() }
    }
}

impl DatabaseMetrics {
    /// Adds them to a registry.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "database_wait_seconds",
            "From asking for a connection, or for the writer, to having it",
            self.wait.clone(),
        );
        registry.register(
            "database_duration_seconds",
            "The queries of one read or the statements of one transaction",
            self.work.clone(),
        );
        registry.register(
            "database_busy",
            "Reads and writes that were refused since no connection was free in time",
            self.busy.clone(),
        );
    }

    /// A piece of work that asks for the database now.
    pub(super) fn ask(&self, kind: Kind) -> Waiting {
        let label = KindLabel { kind: if kind == Kind::Read { "read" } else { "write" } };
        Waiting { metrics: self.clone(), label, since: Instant::now() }
    }

    pub(super) fn count_busy(&self) {
        self.busy.inc();
    }
}

/// A piece of work that waits for the database.
pub(super) struct Waiting {
    metrics: DatabaseMetrics,
    label: KindLabel,
    since: Instant,
}

impl Waiting {
    /// Runs the work and notes how long it has waited and taken.
    pub(super) fn run<T>(&self, work: impl FnOnce() -> T) -> T {
        self.metrics.wait.get_or_create(&self.label).observe(seconds(self.since.elapsed()));
        let began = Instant::now();
        let outcome = work();
        self.metrics.work.get_or_create(&self.label).observe(seconds(began.elapsed()));
        outcome
    }
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}
