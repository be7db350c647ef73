//! What becomes of a single row by an import, asked for by the roster's ids. Pure.

use std::collections::BTreeMap;

use parlour_roster::EnrolmentRole;

use super::{
    compare::{Difference, Fate},
    plan::Plan,
    rows::{ClassRow, EnrolmentRow, GuardianshipRow, PersonRow, Row},
    wanted::role_name,
};
use crate::store::sql_types::Key;

/// The fates of rows that don't stay as they were, and the ids of all that is there after the
/// import.
pub(super) struct Fates {
    people: BTreeMap<String, Fate>,
    guardianships: BTreeMap<(Key, Key), Fate>,
    classes: BTreeMap<String, Fate>,
    enrolments: BTreeMap<(Key, Key, String), Fate>,
    person_ids: BTreeMap<String, Key>,
    class_ids: BTreeMap<String, Key>,
}

impl Fates {
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

fn touched<R: Row>(difference: &Difference<R>) -> BTreeMap<R::Name, Fate> {
    let touched = difference.iter().filter(|(_, outcome)| outcome.fate != Fate::Unchanged);
    touched.map(|(name, outcome)| (name.clone(), outcome.fate)).collect()
}

/// What is not there and stays so is unchanged, too.
impl Plan {
    /// A person's.
    #[must_use]
    pub fn fate_of_person(&self, id: &str) -> Fate {
        self.fates.people.get(id).copied().unwrap_or(Fate::Unchanged)
    }

    /// A class's.
    #[must_use]
    pub fn fate_of_class(&self, id: &str) -> Fate {
        self.fates.classes.get(id).copied().unwrap_or(Fate::Unchanged)
    }

    /// A guardianship's.
    #[must_use]
    pub fn fate_of_guardianship(&self, parent: &str, student: &str) -> Fate {
        let ids = &self.fates.person_ids;
        let pair =
            ids.get(parent).zip(ids.get(student)).map(|(parent, student)| (*parent, *student));
        pair.and_then(|pair| self.fates.guardianships.get(&pair))
            .copied()
            .unwrap_or(Fate::Unchanged)
    }

    /// An enrolment's.
    #[must_use]
    pub fn fate_of_enrolment(&self, class: &str, person: &str, role: EnrolmentRole) -> Fate {
        let named = self.fates.class_ids.get(class).zip(self.fates.person_ids.get(person));
        let name = named.map(|(class, person)| (*class, *person, role_name(role).to_owned()));
        name.and_then(|name| self.fates.enrolments.get(&name)).copied().unwrap_or(Fate::Unchanged)
    }
}
