//! Evenings, their slots, schedules and history.

mod get_evening;
mod get_history;
mod get_schedule;
mod get_slots;
mod list_evenings;
mod set_lateness;

pub use get_evening::get_evening;
pub use get_history::get_history;
pub use get_schedule::get_schedule;
pub use get_slots::get_slots;
pub use list_evenings::list_evenings;
pub use set_lateness::set_lateness;
