//! The feed of changes.

mod list_changes;

pub use list_changes::list_changes;
