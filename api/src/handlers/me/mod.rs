//! Who one is.

mod get_me;
mod choose_identity;

pub use get_me::get_me;
pub use choose_identity::choose_identity;
