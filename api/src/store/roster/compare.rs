//! Comparison of existing rows with the rows that a roster wants, for rows of any kind. Pure.

use std::collections::BTreeMap;

use super::{
    Counts,
    rows::{ClassRow, EnrolmentRow, GuardianshipRow, PersonRow, Row},
};
use crate::store::sql_types::At;

/// The rows of a school, removed ones included.
pub(super) struct Existing {
    pub people: Vec<PersonRow>,
    pub guardianships: Vec<GuardianshipRow>,
    pub classes: Vec<ClassRow>,
    pub enrolments: Vec<EnrolmentRow>,
}

/// The result of an import for a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RowResult {
    /// New, or back after it had been removed.
    Added,
    /// There before, with other values.
    Changed,
    /// Marked as removed.
    Removed,
    /// As it was.
    Unchanged,
}

/// One row after the import, its state before, and the result.
pub(super) struct Outcome<R> {
    pub row: R,
    pub before: Option<R>,
    pub result: RowResult,
}

/// All rows of a kind after the import, by name, without those that were removed by an earlier
/// import.
pub(super) type Difference<R> = BTreeMap<<R as Row>::Name, Outcome<R>>;

/// Computes the result for each row. `gone` tells whether an existing row that is not wanted counts
/// as removed.
pub(super) fn difference<R: Row>(
    existing: Vec<R>,
    wanted: impl IntoIterator<Item = R>,
    now: At,
    gone: impl Fn(&R) -> bool,
) -> Difference<R> {
    let mut before: BTreeMap<R::Name, R> =
        existing.into_iter().map(|row| (row.name(), row)).collect();
    let mut outcomes = BTreeMap::new();
    for mut row in wanted {
        let name = row.name();
        let old = before.remove(&name);
        let result = match &old {
            None => RowResult::Added,
            Some(old) => {
                row.keep(old);
                if old.is_removed() {
                    RowResult::Added
                } else if *old == row {
                    RowResult::Unchanged
                } else {
                    RowResult::Changed
                }
            }
        };
        outcomes.insert(name, Outcome { row, before: old, result });
    }
    for (name, old) in before.into_iter().filter(|(_, old)| !old.is_removed()) {
        let mut row = old.clone();
        let result = if gone(&old) { RowResult::Removed } else { RowResult::Unchanged };
        if result == RowResult::Removed {
            *row.removed_at_mut() = Some(now);
        }
        outcomes.insert(name, Outcome { row, before: Some(old), result });
    }
    outcomes
}

/// The rows that must be written.
pub(super) fn to_write<R: Row>(difference: &Difference<R>) -> Vec<R> {
    difference
        .values()
        .filter(|outcome| outcome.result != RowResult::Unchanged)
        .map(|outcome| outcome.row.clone())
        .collect()
}

impl Counts {
    pub(super) fn add(&mut self, result: RowResult) {
        match result {
            RowResult::Added => self.added += 1,
            RowResult::Changed => self.changed += 1,
            RowResult::Removed => self.removed += 1,
            RowResult::Unchanged => self.unchanged += 1,
        }
    }

    pub(super) fn of<R: Row>(difference: &Difference<R>) -> Self {
        let mut counts = Self::default();
        difference.values().for_each(|outcome| counts.add(outcome.result));
        counts
    }

    /// Adds the counts of another school.
    pub fn join(&mut self, other: Self) {
        self.added += other.added;
        self.changed += other.changed;
        self.removed += other.removed;
        self.unchanged += other.unchanged;
    }
}
