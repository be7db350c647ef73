//! Operations on evenings: set-up by staff and API clients, slots, schedules and history.

mod change_evening;
mod close_evening;
mod create_evening;
mod delete_evening;
mod get_evening;
mod get_evening_settings;
mod get_history;
mod get_schedule;
mod get_slots;
mod list_evenings;
mod publish_evening;
mod set_lateness;

pub use change_evening::change_evening;
pub use close_evening::close_evening;
pub use create_evening::create_evening;
pub use delete_evening::delete_evening;
pub use get_evening::get_evening;
pub use get_evening_settings::get_evening_settings;
pub use get_history::get_history;
pub use get_schedule::get_schedule;
pub use get_slots::get_slots;
pub use list_evenings::list_evenings;
pub use publish_evening::publish_evening;
pub use set_lateness::set_lateness;
