//! Parents, for staff.

mod get_parent;
mod list_parents;

pub use get_parent::get_parent;
pub use list_parents::list_parents;
