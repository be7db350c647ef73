//! Metrics of database work: waiting jobs, waiting time, duration and refusals.

use std::time::{Duration, Instant};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

/// The upper bounds of the histogram buckets, in seconds.
const BUCKETS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.0, 10.0];

/// True if a job only reads. On SQLite all writes go through one thread.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum QueryKind {
    Read,
    Write,
}

impl QueryKind {
    const fn label(self) -> KindLabel {
        KindLabel {
            kind: match self {
                Self::Read => "read",
                Self::Write => "write",
            },
        }
    }
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct KindLabel {
    kind: &'static str,
}

/// The metrics of a [`super::Store`]. Cheap to clone.
#[derive(Clone)]
pub struct DatabaseMetrics {
    waiting: Family<KindLabel, Gauge>,
    wait: Family<KindLabel, Histogram>,
    work: Family<KindLabel, Histogram>,
    busy: Counter,
}

impl Default for DatabaseMetrics {
    fn default() -> Self {
        let histogram =
            || Family::new_with_constructor((|| Histogram::new(BUCKETS)) as fn() -> Histogram);
        Self {
            waiting: Family::default(),
            wait: histogram(),
            work: histogram(),
            busy: Counter::default(),
        }
    }
}

impl DatabaseMetrics {
    /// Registers the metrics.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "database_waiting",
            "Reads and writes that wait for a connection, or for the writer",
            self.waiting.clone(),
        );
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

    /// Counts a read or write that begins to wait for the database.
    pub(super) fn start_wait(&self, kind: QueryKind) -> QueuedQuery {
        let label = kind.label();
        let counted = Counted::new(&self.waiting.get_or_create(&label));
        QueuedQuery { metrics: self.clone(), label, since: Instant::now(), counted }
    }

    /// Returns how many writes wait for a connection, or for SQLite's writer.
    #[must_use]
    pub fn waiting_writes(&self) -> i64 {
        self.waiting.get_or_create(&QueryKind::Write.label()).get()
    }

    pub(super) fn count_busy(&self) {
        self.busy.inc();
    }
}

/// A read or write that waits for the database.
pub(super) struct QueuedQuery {
    metrics: DatabaseMetrics,
    label: KindLabel,
    since: Instant,
    counted: Counted,
}

impl QueuedQuery {
    /// Runs the work and records its waiting time and duration.
    pub(super) fn run<T>(self, work: impl FnOnce() -> T) -> T {
        drop(self.counted);
        self.metrics.wait.get_or_create(&self.label).observe(seconds(self.since.elapsed()));
        let began = Instant::now();
        let outcome = work();
        self.metrics.work.get_or_create(&self.label).observe(seconds(began.elapsed()));
        outcome
    }
}

/// Counts in a gauge until it is dropped.
struct Counted(Gauge);

impl Counted {
    fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}
