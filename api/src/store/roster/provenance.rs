//! Provenance of imported rows: which columns a source sets, and which it is credited with.

pub(super) mod attribution;
pub(super) mod explicit_columns;
