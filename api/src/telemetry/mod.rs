//! Logs, spans and metrics for the operator of a server (docs/operate.md). They never hold an
//! address, a name or a token of a person.

mod gauges;
pub mod logging;
pub mod metrics;
pub mod request;

pub use self::{metrics::Metrics, request::RequestId};
