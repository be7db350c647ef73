//! The brake: an import that would remove too much of a school at once is stopped, since it may be the provider who has lost something. Pure.

use std::fmt;

use serde::Serialize;

use crate::store::roster::{Changes, Counts};

/// How much of a school's people, guardianships or enrolments an import may remove.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Brake {
    /// In percent of what is there.
    pub percent: u8,
}

impl Default for Brake {
    fn default() -> Self {
        Self { percent: 10 }
    }
}

/// Why an import was stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stop {
    /// The school's id in the roster.
    pub sourced_id: String,
    /// The school's name.
    pub school: String,
    /// What would go: people, guardianships or enrolments.
    pub kind: &'static str,
    /// How many would.
    pub removed: u64,
    /// How many there are.
    pub of: u64,
    /// The share that may go, in percent.
    pub allowed_percent: u8,
}

impl Brake {
    /// What of a school's changes is too much; nothing when all may be written.
    pub(super) fn stops(self, sourced_id: &str, school: &str, changes: &Changes) -> Vec<Stop> {
        let there = |counts: &Counts| counts.changed + counts.removed + counts.unchanged;
        // A link that stays but is not allowed any more takes as much from a parent as one that goes.
        let withdrawn = changes.guardianships.removed.max(changes.access_withdrawn);
        let kinds = [
            ("people", changes.people.removed, there(&changes.people)),
            ("guardianships", withdrawn, there(&changes.guardianships)),
            ("enrolments", changes.enrolments.removed, there(&changes.enrolments)),
        ];
        let too_much = |removed: u64, of: u64| removed * 100 > of * u64::from(self.percent);
        kinds
            .into_iter()
            .filter(|(_, removed, of)| too_much(*removed, *of))
            .map(|(kind, removed, of)| Stop { sourced_id: sourced_id.to_owned(), school: school.to_owned(), kind, removed, of, allowed_percent: self.percent })
            .collect()
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { school, kind, removed, of, allowed_percent, .. } = self;
        write!(f, "{school}: {removed} of {of} {kind} would be removed, more than {allowed_percent} %")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_the_share_is_stopped() {
        let check = |removed: u64, unchanged: u64, withdrawn: u64, percent: u8, expected: &[&str]| {
            let counts = Counts { removed, unchanged, ..Counts::default() };
            let changes = Changes { people: counts, guardianships: counts, access_withdrawn: withdrawn, ..Changes::default() };
            let kinds: Vec<&str> = Brake { percent }.stops("school", "School", &changes).iter().map(|stop| stop.kind).collect();
            assert_eq!(kinds, expected, "{removed} of {}, {withdrawn} withdrawn", removed + unchanged);
        };
        check(10, 90, 10, 10, &[]);
        check(11, 89, 11, 10, &["people", "guardianships"]);
        check(0, 100, 11, 10, &["guardianships"]);
        check(1, 0, 0, 10, &["people", "guardianships"]);
        check(1, 999, 1, 0, &["people", "guardianships"]);
        check(100, 0, 100, 100, &[]);
        check(0, 0, 0, 10, &[]);
    }
}
