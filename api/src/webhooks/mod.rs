//! Webhooks: a school's systems are told what happened, by the Standard Webhooks specification
//! (standardwebhooks.com, 1.0.0). What is told is queued by [`crate::store::webhooks`]; here it is
//! signed and sent.

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
