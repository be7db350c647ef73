//! Access tokens for API clients (RFC 6749, 4.4: client credentials).

mod get_signing_keys;
mod issue_token;

pub use self::{get_signing_keys::get_signing_keys, issue_token::issue_token};
