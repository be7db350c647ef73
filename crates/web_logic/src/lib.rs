//! The web app's logic that needs no browser: it knows neither signals nor elements, and its tests
//! run on the host.

pub mod countdown;
pub mod draft;
pub mod moments;
pub mod quality;
pub mod query;
pub mod route;
pub mod schedule;
pub mod unanswered;
