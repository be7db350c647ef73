//! Reports of browsers in which the web app could not start.

mod report_client_error;

pub use report_client_error::report_client_error;
