//! Provenance of imported rows: the columns that a source sets, and those attributed to it.

pub(super) mod attribution;
pub(super) mod explicit_columns;
