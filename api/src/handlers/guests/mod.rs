//! Operations on a guest's link, sessions and appointments.

mod create_guest_session;
mod decline_guest_link;
mod delete_guest_sessions;
mod get_guest_appointments;
mod preview_guest_link;
mod renew_guest_link;
mod request_guest_link;

pub use create_guest_session::create_guest_session;
pub use decline_guest_link::decline_guest_link;
pub use delete_guest_sessions::delete_guest_sessions;
pub use get_guest_appointments::get_guest_appointments;
pub use preview_guest_link::preview_guest_link;
pub use renew_guest_link::renew_guest_link;
pub use request_guest_link::request_guest_link;
