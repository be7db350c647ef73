//! The change feed.

mod list_changes;

pub use list_changes::list_changes;
