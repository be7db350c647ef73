//! Webhooks: sends events to a school's own systems by the Standard Webhooks specification
//! (standardwebhooks.com, 1.0.0). [`crate::store::webhooks`] queues the events; this module signs
//! and sends them.

mod address;
mod message;
mod retry;
mod sender;
pub mod worker;

pub use self::{
    address::{AllowedAddresses, check_url},
    message::secret_text,
    sender::Sender,
};
