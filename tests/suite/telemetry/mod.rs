//! Log and metrics: one log line a request, ids that lead from a request to its mail and webhook,
//! and metrics.

mod log;
mod metrics;
