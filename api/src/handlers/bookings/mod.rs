//! Bookings.

mod get_bookings;
mod create_bookings;
mod get_calendar;
mod get_booking;
mod change_booking;
mod cancel_booking;

pub use get_bookings::get_bookings;
pub use create_bookings::{create_bookings, with_lost};
pub use get_calendar::get_calendar;
pub use get_booking::get_booking;
pub use change_booking::change_booking;
pub use cancel_booking::cancel_booking;
