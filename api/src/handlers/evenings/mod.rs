//! Evenings, their slots, schedules and history.

mod list_evenings;
mod get_evening;
mod get_slots;
mod get_schedule;
mod get_history;

pub use list_evenings::list_evenings;
pub use get_evening::get_evening;
pub use get_slots::get_slots;
pub use get_schedule::get_schedule;
pub use get_history::get_history;
