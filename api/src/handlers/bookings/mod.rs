//! Operations on bookings.

mod cancel_booking;
mod change_booking;
mod create_bookings;
mod get_booking;
mod get_bookings;
mod get_calendar;
mod list_attendance;
mod list_bookings;
mod set_record;

pub use cancel_booking::cancel_booking;
pub use change_booking::change_booking;
pub use create_bookings::create_bookings;
pub use get_booking::get_booking;
pub use get_bookings::get_bookings;
pub use get_calendar::get_calendar;
pub use list_attendance::list_attendance;
pub use list_bookings::list_bookings;
pub use set_record::set_record;
