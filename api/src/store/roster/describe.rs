//! Description of an import's difference in lines for people: added, changed and removed rows.
//! Pure.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

use super::{
    compare::{Difference, RowResult},
    rows::{ClassRow, EnrolmentRow, GuardianshipRow, PersonRow, Row},
};
use crate::store::sql_types::Key;

/// Maximum number of lines of each kind for a school; the counts include the rest.
pub(super) const LINES: usize = 200;

/// A row that differs, or an appointment that ends or is stranded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// `added`, `changed` or `removed`; of an appointment `ended` or `stranded`.
    pub fate: &'static str,
    /// `person`, `guardianship`, `class`, `enrolment` or `appointment`.
    pub kind: &'static str,
    /// The row or appointment, and the values that change.
    pub what: String,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.fate {
            "added" => '+',
            "removed" | "ended" => '-',
            "stranded" => '!',
            _ => '~',
        };
        write!(f, "{sign} {} {}", self.kind, self.what)
    }
}

/// Lists the lines of a school's import, kind by kind.
pub(super) fn lines(
    people: &Difference<PersonRow>,
    guardianships: &Difference<GuardianshipRow>,
    classes: &Difference<ClassRow>,
    enrolments: &Difference<EnrolmentRow>,
) -> Vec<Line> {
    let names: BTreeMap<Key, String> =
        people.values().map(|outcome| (outcome.row.id, person_name(&outcome.row))).collect();
    let titles: BTreeMap<Key, &str> =
        classes.values().map(|outcome| (outcome.row.id, outcome.row.title.as_str())).collect();
    let name = |id: &Key| names.get(id).map_or("somebody", String::as_str);
    let link =
        |row: &GuardianshipRow| format!("{} of {}", name(&row.parent_id), name(&row.student_id));
    let place = |row: &EnrolmentRow| {
        format!(
            "{} as {} of {}",
            name(&row.person_id),
            row.role,
            titles.get(&row.class_id).copied().unwrap_or("a class")
        )
    };
    let mut all = lines_of("person", people, person_name, person_changes);
    all.extend(lines_of("guardianship", guardianships, link, link_changes));
    all.extend(lines_of(
        "class",
        classes,
        |row| format!("{} ({})", row.title, row.sourced_id),
        class_changes,
    ));
    all.extend(lines_of("enrolment", enrolments, place, |_, _| Vec::new()));
    all
}

fn lines_of<R: Row>(
    kind: &'static str,
    difference: &Difference<R>,
    what: impl Fn(&R) -> String,
    changes: impl Fn(&R, &R) -> Vec<String>,
) -> Vec<Line> {
    let line = |outcome: &super::compare::Outcome<R>| {
        let what = what(&outcome.row);
        let (fate, what) = match outcome.result {
            RowResult::Unchanged => return None,
            RowResult::Added => ("added", what),
            RowResult::Removed => ("removed", what),
            RowResult::Changed => {
                let changes = outcome
                    .before
                    .as_ref()
                    .map(|before| changes(before, &outcome.row))
                    .unwrap_or_default();
                (
                    "changed",
                    if changes.is_empty() {
                        what
                    } else {
                        format!("{what}: {}", changes.join(", "))
                    },
                )
            }
        };
        Some(Line { fate, kind, what })
    };
    difference.values().filter_map(line).take(LINES).collect()
}

fn person_name(row: &PersonRow) -> String {
    format!("{} {} ({}, {})", row.given_name, row.family_name, row.source_role, row.sourced_id)
}

/// Formats the values that differ as `name before → after`.
fn changed<const N: usize>(pairs: [(&str, &str, &str); N]) -> Vec<String> {
    pairs
        .into_iter()
        .filter(|(_, before, after)| before != after)
        .map(|(name, before, after)| format!("{name} {before:?} → {after:?}"))
        .collect()
}

fn person_changes(before: &PersonRow, after: &PersonRow) -> Vec<String> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    changed([
        ("title", &text(&before.honorific), &text(&after.honorific)),
        ("given name", &before.given_name, &after.given_name),
        ("family name", &before.family_name, &after.family_name),
        ("email", &text(&before.email), &text(&after.email)),
        ("role", &before.source_role, &after.source_role),
    ])
}

fn link_changes(before: &GuardianshipRow, after: &GuardianshipRow) -> Vec<String> {
    let contact = |row: &GuardianshipRow| match (row.court_order, row.contact_allowed) {
        (true, _) => "court order",
        (false, true) => "allowed",
        (false, false) => "not allowed",
    };
    changed([
        ("relationship", &before.relationship, &after.relationship),
        ("contact", contact(before), contact(after)),
    ])
}

fn class_changes(before: &ClassRow, after: &ClassRow) -> Vec<String> {
    changed([
        ("title", &before.title, &after.title),
        ("subject", &before.subject, &after.subject),
        ("code", &before.code, &after.code),
    ])
}
