//! The call in real browsers: fake cameras and microphones, and a TURN server on this machine.
//!
//! `cargo xtask test` runs these last, one at a time: up to five browsers send each other pictures.

mod connection;
mod evening;
mod going_on;
mod media;
mod meeting;
mod out;
mod relay;
mod screens;
mod seats;
mod translated;
