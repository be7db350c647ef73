//! Parents, for staff.

mod list_parents;
mod get_parent;

pub use list_parents::list_parents;
pub use get_parent::get_parent;
