//! Limit on removals: refuses an import that would remove too much of a school at once, since its
//! source may have lost data. Pure.

use std::fmt;

use serde::Serialize;

use crate::store::roster::{Changes, Counts};

/// The share of a school's people, links, classes or coming appointments that one import may
/// remove.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RemovalLimit {
    /// In percent of the existing ones.
    pub percent: u8,
}

/// Up to this many appointments may always be lost, whatever share of the coming ones they are.
const FEW_APPOINTMENTS: u64 = 5;

impl Default for RemovalLimit {
    fn default() -> Self {
        Self { percent: 10 }
    }
}

/// A kind of which an import would remove more than the limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExceededLimit {
    /// The school's id in the roster.
    pub sourced_id: String,
    /// The school's name.
    pub school: String,
    /// `people`, `guardianships`, `classes`, `enrolments` or `appointments`.
    pub kind: &'static str,
    /// Number that would be removed.
    pub removed: u64,
    /// Number at present.
    pub of: u64,
    /// The share that may be removed, in percent.
    pub allowed_percent: u8,
}

impl RemovalLimit {
    /// Lists the kinds of which a school's changes remove more than the limit.
    pub(super) fn exceeded(
        self,
        sourced_id: &str,
        school: &str,
        changes: &Changes,
    ) -> Vec<ExceededLimit> {
        let existing = |counts: &Counts| counts.changed + counts.removed + counts.unchanged;
        // A link that stays but is no longer allowed takes as much from a parent as a link that is
        // removed.
        let withdrawn = changes.guardianships.removed.max(changes.access_withdrawn);
        let fall = changes.appointments_ended + changes.appointments_stranded;
        let kinds = [
            ("people", changes.people.removed, existing(&changes.people)),
            ("guardianships", withdrawn, existing(&changes.guardianships)),
            ("classes", changes.classes.removed, existing(&changes.classes)),
            ("enrolments", changes.enrolments.removed, existing(&changes.enrolments)),
            (
                "appointments",
                if fall > FEW_APPOINTMENTS { fall } else { 0 },
                changes.appointments_coming,
            ),
        ];
        let is_too_much = |removed: u64, of: u64| removed * 100 > of * u64::from(self.percent);
        kinds
            .into_iter()
            .filter(|(_, removed, of)| is_too_much(*removed, *of))
            .map(|(kind, removed, of)| ExceededLimit {
                sourced_id: sourced_id.to_owned(),
                school: school.to_owned(),
                kind,
                removed,
                of,
                allowed_percent: self.percent,
            })
            .collect()
    }
}

impl ExceededLimit {
    /// Describes it as `12 of 20 enrolments would be removed`.
    #[must_use]
    pub fn in_words(&self) -> String {
        let Self { kind, removed, of, .. } = self;
        match *kind {
            "appointments" => format!("{removed} of {of} coming appointments would fall"),
            "guardianships" => {
                format!("{removed} of {of} guardianships would be removed or lose contact")
            }
            kind => format!("{removed} of {of} {kind} would be removed"),
        }
    }
}

impl fmt::Display for ExceededLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}, more than {} %", self.school, self.in_words(), self.allowed_percent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(percent: u8, changes: &Changes) -> Vec<&'static str> {
        RemovalLimit { percent }
            .exceeded("school", "School", changes)
            .iter()
            .map(|stop| stop.kind)
            .collect()
    }

    #[test]
    fn removals_above_the_percentage_are_refused() {
        let check =
            |removed: u64, unchanged: u64, withdrawn: u64, percent: u8, expected: &[&str]| {
                let counts = Counts { removed, unchanged, ..Counts::default() };
                let changes = Changes {
                    people: counts,
                    guardianships: counts,
                    classes: counts,
                    access_withdrawn: withdrawn,
                    ..Changes::default()
                };
                assert_eq!(
                    kinds(percent, &changes),
                    expected,
                    "{removed} of {}, {withdrawn} withdrawn",
                    removed + unchanged
                );
            };
        const ALL: [&str; 3] = ["people", "guardianships", "classes"];
        check(10, 90, 10, 10, &[]);
        check(11, 89, 11, 10, &ALL);
        check(0, 100, 11, 10, &["guardianships"]);
        check(1, 0, 0, 10, &ALL);
        check(1, 999, 1, 0, &ALL);
        check(100, 0, 100, 100, &[]);
        check(0, 0, 0, 10, &[]);
    }

    #[test]
    fn appointment_losses_are_limited_by_percentage_and_count() {
        let check = |ended: u64, stranded: u64, coming: u64, is_stopped: bool| {
            let changes = Changes {
                appointments_ended: ended,
                appointments_stranded: stranded,
                appointments_coming: coming,
                ..Changes::default()
            };
            assert_eq!(
                kinds(10, &changes) == ["appointments"],
                is_stopped,
                "{ended} ended, {stranded} stranded of {coming}"
            );
        };
        check(5, 0, 5, false);
        check(6, 0, 6, true);
        check(3, 3, 20, true);
        check(6, 0, 60, false);
        check(7, 0, 60, true);
        check(0, 0, 0, false);
    }
}
