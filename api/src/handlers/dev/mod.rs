//! Playgrounds only: the mailbox and one-click logins.

mod create_dev_login;
mod list_dev_mails;

pub use create_dev_login::{create_dev_login, follow_dev_login};
pub use list_dev_mails::{list_dev_mails, only_in_a_playground};
