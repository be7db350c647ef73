//! Operations of playgrounds: the mailbox, one-click logins, the movable clock, and the reset.

mod create_dev_login;
mod list_dev_mails;
mod move_dev_clock;
mod reset_dev_school;

pub use create_dev_login::{create_dev_login, follow_dev_login};
pub use list_dev_mails::{list_dev_mails, require_dev_tools};
pub use move_dev_clock::move_dev_clock;
pub use reset_dev_school::reset_dev_school;
