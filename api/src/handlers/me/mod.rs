//! Operations on the caller's session and identity.

mod choose_identity;
mod get_me;

pub use choose_identity::choose_identity;
pub use get_me::get_me;
