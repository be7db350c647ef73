//! What goes wrong in browsers before the web app runs.

mod report_client_error;

pub use report_client_error::report_client_error;
