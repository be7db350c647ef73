//! Logs, spans and metrics: what an operator sees of the running server (docs/operate.md). Never an
//! address, a name or a token of a person.

mod gauges;
pub mod logging;
pub mod metrics;
pub mod request;

pub use self::{metrics::Metrics, request::RequestId};
