//! Results of an import for single rows, looked up by the roster's ids. Pure.

use std::collections::BTreeMap;

use parlour_roster::EnrolmentRole;

use super::{
    compare::{Difference, RowResult},
    desired::role_name,
    plan::Plan,
    rows::{ClassRow, EnrolmentRow, GuardianshipRow, PersonRow, Row},
};
use crate::store::sql_types::Key;

/// The results of rows that are not unchanged, and the ids of all rows that exist after the import.
pub(super) struct RowResults {
    people: BTreeMap<String, RowResult>,
    guardianships: BTreeMap<(Key, Key), RowResult>,
    classes: BTreeMap<String, RowResult>,
    enrolments: BTreeMap<(Key, Key, String), RowResult>,
    person_ids: BTreeMap<String, Key>,
    class_ids: BTreeMap<String, Key>,
}

impl RowResults {
    pub(super) fn of(
        people: &Difference<PersonRow>,
        guardianships: &Difference<GuardianshipRow>,
        classes: &Difference<ClassRow>,
        enrolments: &Difference<EnrolmentRow>,
        person_ids: BTreeMap<String, Key>,
        class_ids: BTreeMap<String, Key>,
    ) -> Self {
        let (people, guardianships, classes, enrolments) =
            (touched(people), touched(guardianships), touched(classes), touched(enrolments));
        Self { people, guardianships, classes, enrolments, person_ids, class_ids }
    }
}

fn touched<R: Row>(difference: &Difference<R>) -> BTreeMap<R::Name, RowResult> {
    let touched = difference.iter().filter(|(_, outcome)| outcome.result != RowResult::Unchanged);
    touched.map(|(name, outcome)| (name.clone(), outcome.result)).collect()
}

/// A row that exists neither before nor after the import counts as unchanged.
impl Plan {
    /// The result for a person.
    #[must_use]
    pub fn person_result(&self, id: &str) -> RowResult {
        self.row_results.people.get(id).copied().unwrap_or(RowResult::Unchanged)
    }

    /// The result for a class.
    #[must_use]
    pub fn class_result(&self, id: &str) -> RowResult {
        self.row_results.classes.get(id).copied().unwrap_or(RowResult::Unchanged)
    }

    /// The result for a guardianship.
    #[must_use]
    pub fn guardianship_result(&self, parent: &str, student: &str) -> RowResult {
        let ids = &self.row_results.person_ids;
        let pair =
            ids.get(parent).zip(ids.get(student)).map(|(parent, student)| (*parent, *student));
        pair.and_then(|pair| self.row_results.guardianships.get(&pair))
            .copied()
            .unwrap_or(RowResult::Unchanged)
    }

    /// The result for an enrolment.
    #[must_use]
    pub fn enrolment_result(&self, class: &str, person: &str, role: EnrolmentRole) -> RowResult {
        let named =
            self.row_results.class_ids.get(class).zip(self.row_results.person_ids.get(person));
        let name = named.map(|(class, person)| (*class, *person, role_name(role).to_owned()));
        name.and_then(|name| self.row_results.enrolments.get(&name))
            .copied()
            .unwrap_or(RowResult::Unchanged)
    }
}
