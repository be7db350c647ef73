//! Parlour's server, as a library: `main.rs` is its command line, the tests start it in process.

pub mod app;
pub mod auth;
pub mod calendar;
pub mod calls;
pub mod cli;
mod client;
pub mod config;
pub mod connections;
pub mod context;
mod contract;
pub mod demo;
pub mod evening_file;
mod handlers;
pub mod keys;
pub mod mail;
pub mod precondition;
pub mod problem;
pub mod rates;
mod request;
pub mod roster;
pub mod routes;
pub mod schema;
pub mod server;
pub mod store;
pub mod tokens;
mod views;
pub mod webhooks;
