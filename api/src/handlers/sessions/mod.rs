//! Operations on the login sessions of people.

mod create_session;
mod delete_session;
mod delete_sessions;

pub use create_session::create_session;
pub use delete_session::delete_session;
pub use delete_sessions::delete_sessions;
