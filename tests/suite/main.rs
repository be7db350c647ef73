//! Parlour from outside: the server is started in process and asked over HTTP, on SQLite or PostgreSQL.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod access;
mod bookings;
mod browser;
mod call_seats;
mod calls;
mod changes;
mod clients;
mod clock;
mod contacts;
mod errors;
mod evenings_rest;
mod exports;
mod guests;
mod harness;
mod ice_servers;
mod imports;
mod invites;
mod mail;
mod migrations;
mod operations;
mod paging;
mod preconditions;
mod roster_changes;
mod roster_crash;
mod roster_push;
mod roster_roles;
mod roster_schedule;
mod roster_source_schools;
mod roster_sync;
mod roster_tls;
mod sandbox;
mod sessions;
mod stranded;
mod teaching;
mod webhooks;
