//! Operations on the school at an address and its contact details.

mod change_school;
mod get_school;

pub use change_school::change_school;
pub use get_school::get_school;
