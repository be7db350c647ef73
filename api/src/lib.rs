//! Parlour's server, as a library: `main.rs` is its command line, the tests start it in process.

pub mod config;
pub mod context;
pub mod keys;
pub mod roster;
pub mod schema;
pub mod store;
