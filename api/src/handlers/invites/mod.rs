//! Operations on invites.

mod get_invite;
mod get_invites;
mod list_invites;
mod remove_invite;
mod renew_invite;
mod resend_invite;
mod send_invite;

pub use get_invite::get_invite;
pub use get_invites::get_invites;
pub use list_invites::list_invites;
pub use remove_invite::remove_invite;
pub use renew_invite::renew_invite;
pub use resend_invite::resend_invite;
pub use send_invite::send_invite;
