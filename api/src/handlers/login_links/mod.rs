//! Operations on login links.

mod create_login_link;
mod preview_login_link;

pub use create_login_link::create_login_link;
pub use preview_login_link::preview_login_link;
