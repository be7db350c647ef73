//! Operations on parents, for staff.

mod allow_contact;
mod get_parent;
mod list_parents;

pub use allow_contact::allow_contact;
pub use get_parent::get_parent;
pub use list_parents::list_parents;
