//! Logic of the web app that needs no browser. It uses neither signals nor elements, so its tests
//! run on the host.

pub mod booking_draft;
pub mod countdown;
pub mod quality;
pub mod query;
pub mod route;
pub mod schedule;
pub mod time_format;
pub mod unanswered;
