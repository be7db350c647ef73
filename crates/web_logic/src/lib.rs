//! The web app's logic that needs no browser: it knows neither signals nor elements, and its tests
//! run on the host.

pub mod booking_draft;
pub mod countdown;
pub mod quality;
pub mod query;
pub mod route;
pub mod schedule;
pub mod time_format;
pub mod unanswered;
