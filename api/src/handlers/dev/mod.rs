//! Playgrounds only: the mailbox, one-click logins and movable time.

mod create_dev_login;
mod list_dev_mails;
mod move_dev_clock;

pub use create_dev_login::{create_dev_login, follow_dev_login};
pub use list_dev_mails::{list_dev_mails, only_in_a_playground};
pub use move_dev_clock::move_dev_clock;
