//! Tests of calls in real browsers, with fake cameras and microphones and a TURN server on this
//! machine.
//!
//! `cargo xtask test` runs these last, one at a time, because up to five browsers send each other
//! video.

mod evening;
mod eviction;
mod media;
mod meeting;
mod network_faults;
mod next_appointment;
mod reconnect;
mod relay;
mod screens;
mod seats;
mod translated;
