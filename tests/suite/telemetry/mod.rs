//! Tests of log and metrics: one log line per request, ids that connect a request with its mail and
//! webhook, and metrics.

mod log;
mod metrics;
