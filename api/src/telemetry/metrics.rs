//! The metrics of this process, named as Prometheus advises: counters end in `_total`, durations
//! are in seconds. docs/operate.md lists them.

use std::{fmt, time::Duration};

use actix_web::http::StatusCode;
use chrono::{DateTime, Utc};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::Registry,
};

use super::gauges::Gauges;
use crate::store::{self, DatabaseMetrics, Store};

/// The upper bounds of the histogram of request durations, in seconds.
const REQUEST_BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// All metrics of a process.
pub struct Metrics {
    /// HTTP requests.
    pub requests: RequestMetrics,
    /// Mails, webhooks, roster syncs and leases.
    pub jobs: JobMetrics,
    gauges: Gauges,
    registry: Registry,
}

impl Metrics {
    /// Registers all metrics, including those of the database.
    #[must_use]
    pub fn new(database: &DatabaseMetrics) -> Self {
        let mut registry = Registry::with_prefix("parlour");
        let requests = RequestMetrics::register(&mut registry);
        let jobs = JobMetrics::register(&mut registry);
        let gauges = Gauges::register(&mut registry);
        database.register(&mut registry);
        Self { requests, jobs, gauges, registry }
    }

    /// Updates the gauges from the database and from the counts of this process.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn update_gauges(
        &self,
        store: &Store,
        now: DateTime<Utc>,
        sockets: usize,
        connections: usize,
    ) -> store::Result<()> {
        self.gauges.update(store, now, sockets, connections).await
    }

    /// The metrics in the text format of `OpenMetrics` 1.0.
    ///
    /// # Errors
    /// None in practice: writing to a `String` never fails.
    pub fn render(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct RequestLabels {
    operation: &'static str,
    status: u16,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct OperationLabel {
    operation: &'static str,
}

/// HTTP requests by operation and status.
#[derive(Clone)]
pub struct RequestMetrics {
    total: Family<RequestLabels, Counter>,
    duration: Family<OperationLabel, Histogram>,
}

impl RequestMetrics {
    fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            total: Family::default(),
            duration: Family::new_with_constructor(|| Histogram::new(REQUEST_BUCKETS)),
        };
        registry.register(
            "http_requests",
            "HTTP requests that were answered, by operation and status",
            metrics.total.clone(),
        );
        registry.register(
            "http_request_duration_seconds",
            "From the first byte of a request to the head of its answer",
            metrics.duration.clone(),
        );
        metrics
    }

    /// Counts a response and records the time that it took.
    pub fn observe(&self, operation: &'static str, status: StatusCode, took: Duration) {
        self.total.get_or_create(&RequestLabels { operation, status: status.as_u16() }).inc();
        self.duration.get_or_create(&OperationLabel { operation }).observe(took.as_secs_f64());
    }
}

/// A job or place that is held with a lease, which can be lost to another node.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LeasedJob {
    /// Sending a mail.
    Mail,
    /// Sending a webhook.
    Webhook,
    /// Syncing a roster.
    RosterSync,
    /// A seat in a call.
    Seat,
}

impl LeasedJob {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Webhook => "webhook",
            Self::RosterSync => "roster_sync",
            Self::Seat => "seat",
        }
    }
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct MailLabels {
    template: String,
    outcome: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct SyncLabels {
    source: String,
    outcome: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct JobLabel {
    job: &'static str,
}

/// Counters of this process's jobs by outcome. Cheap to clone.
#[derive(Clone, Default)]
pub struct JobMetrics {
    mails: Family<MailLabels, Counter>,
    webhooks: Family<OutcomeLabel, Counter>,
    syncs: Family<SyncLabels, Counter>,
    lost_leases: Family<JobLabel, Counter>,
}

impl JobMetrics {
    fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        registry.register(
            "mails",
            "Attempts to send a mail, by template and outcome",
            metrics.mails.clone(),
        );
        registry.register(
            "webhook_attempts",
            "Attempts to send a webhook, by outcome",
            metrics.webhooks.clone(),
        );
        registry.register(
            "roster_syncs",
            "Roster syncs that ended, by source and outcome",
            metrics.syncs.clone(),
        );
        registry.register(
            "lost_leases",
            "Leases that ran out and went to another node while this one worked, by job",
            metrics.lost_leases.clone(),
        );
        metrics
    }

    /// Counts an attempt to send a mail.
    pub fn count_mail(&self, template: &str, outcome: &'static str) {
        self.mails.get_or_create(&MailLabels { template: template.to_owned(), outcome }).inc();
    }

    /// Counts an attempt to send a webhook.
    pub fn count_webhook(&self, outcome: &'static str) {
        self.webhooks.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    /// Counts a roster sync.
    pub fn count_sync(&self, source: &str, outcome: &'static str) {
        self.syncs.get_or_create(&SyncLabels { source: source.to_owned(), outcome }).inc();
    }

    /// Counts a lease that was lost.
    pub fn count_lost_lease(&self, job: LeasedJob) {
        self.lost_leases.get_or_create(&JobLabel { job: job.as_str() }).inc();
    }
}
