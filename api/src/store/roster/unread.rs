//! Existing rows that stay because the roster's rows about them can't be used. Pure.

use std::collections::{BTreeMap, BTreeSet};

use parlour_domain::EmailAddress;
use parlour_roster::{Removed, School, Unread, UnreadPerson};

use super::{
    compare::Existing,
    rows::{EnrolmentRow, GuardianshipRow, PersonRow, Row},
};
use crate::store::sql_types::Key;

/// The two ids of an enrolment or link; `None` where the roster's row does not give an id.
type Pattern = (Option<Key>, Option<Key>);

/// The rows that stay.
#[derive(Default)]
pub(super) struct RetainedRows {
    people: BTreeSet<Key>,
    classes: BTreeSet<Key>,
    /// By class and person.
    enrolments: BTreeSet<Pattern>,
    /// By contact and student.
    guardianships: BTreeSet<Pattern>,
    /// Sentences about rows that give no id at all.
    pub told: Vec<String>,
}

impl RetainedRows {
    /// Finds the existing rows that are missing in the roster and that an unusable row may be
    /// about.
    pub(super) fn of(
        unread: &Unread,
        removed: &Removed,
        existing: &Existing,
        school: &School,
    ) -> Self {
        let mut staying_rows = Self::default();
        staying_rows.keep_people(unread, removed, existing, school);
        staying_rows.keep_classes(unread, removed, existing, school);
        let people: BTreeMap<&str, Key> =
            existing.people.iter().map(|row| (row.sourced_id.as_str(), row.id)).collect();
        let classes: BTreeMap<&str, Key> =
            existing.classes.iter().map(|row| (row.sourced_id.as_str(), row.id)).collect();
        staying_rows.enrolments = patterns(&unread.enrolments, &classes, &people);
        staying_rows.guardianships = patterns(&unread.guardianships, &people, &people);
        for (kind, all) in [
            ("enrolments", &staying_rows.enrolments),
            ("guardianships", &staying_rows.guardianships),
        ] {
            if all.contains(&(None, None)) {
                staying_rows.told.push(format!(
                    "{kind} that are missing stay, since a row doesn't tell what it is about"
                ));
            }
        }
        staying_rows
    }

    fn keep_people(
        &mut self,
        unread: &Unread,
        removed: &Removed,
        existing: &Existing,
        school: &School,
    ) {
        if unread.person_ids.is_empty() && unread.people.is_empty() {
            return;
        }
        let present: BTreeSet<&str> =
            school.people.iter().map(|person| person.sourced_id.as_str()).collect();
        let is_missing = |row: &&PersonRow| {
            let id = row.sourced_id.as_str();
            !row.is_removed() && !present.contains(id) && !removed.people.contains(id)
        };
        let missing: Vec<&PersonRow> = existing.people.iter().filter(is_missing).collect();
        self.people.extend(
            missing
                .iter()
                .filter(|row| unread.person_ids.contains(&row.sourced_id))
                .map(|row| row.id),
        );
        for row in &unread.people {
            self.people.extend(
                missing.iter().filter(|person| may_be(row, person)).map(|person| person.id),
            );
        }
        if unread.people.iter().any(is_blank) && !missing.is_empty() {
            self.told.push(
                "people who are missing stay, since a row tells neither an id nor a name nor an \
                 address"
                    .to_owned(),
            );
        }
    }

    fn keep_classes(
        &mut self,
        unread: &Unread,
        removed: &Removed,
        existing: &Existing,
        school: &School,
    ) {
        let present: BTreeSet<&str> =
            school.classes.iter().map(|class| class.sourced_id.as_str()).collect();
        for row in &existing.classes {
            let id = row.sourced_id.as_str();
            let is_named = |title: &str| title.is_empty() || title == row.title.trim();
            let is_unread = unread.class_ids.contains(id)
                || unread.classes.iter().any(|class| is_named(&class.title));
            if is_unread
                && !row.is_removed()
                && !present.contains(id)
                && !removed.classes.contains(id)
            {
                self.classes.insert(row.id);
            }
        }
        if unread.classes.iter().any(|class| class.title.is_empty()) {
            self.told.push(
                "classes that are missing stay, since a row tells neither an id nor a title"
                    .to_owned(),
            );
        }
    }

    /// Returns whether a person stays.
    pub(super) fn has_person(&self, id: Key) -> bool {
        self.people.contains(&id)
    }

    /// Returns whether a class stays.
    pub(super) fn has_class(&self, id: Key) -> bool {
        self.classes.contains(&id)
    }

    /// Returns whether an enrolment stays: its person or class stays, or an unusable row may be
    /// about it.
    pub(super) fn has_enrolment(&self, row: &EnrolmentRow) -> bool {
        self.has_person(row.person_id)
            || self.has_class(row.class_id)
            || matches(&self.enrolments, row.class_id, row.person_id)
    }

    /// Returns whether a link stays: one of its people stays, or an unusable row may be about it.
    pub(super) fn has_link(&self, row: &GuardianshipRow) -> bool {
        self.has_person(row.parent_id)
            || self.has_person(row.student_id)
            || matches(&self.guardianships, row.parent_id, row.student_id)
    }
}

/// The patterns that can match an existing row.
fn patterns(
    named: &BTreeSet<(Option<String>, Option<String>)>,
    first: &BTreeMap<&str, Key>,
    second: &BTreeMap<&str, Key>,
) -> BTreeSet<Pattern> {
    let known = |id: &Option<String>, ids: &BTreeMap<&str, Key>| match id {
        Some(id) => ids.get(id.as_str()).map(|id| Some(*id)),
        None => Some(None),
    };
    named
        .iter()
        .filter_map(|(one, other)| Some((known(one, first)?, known(other, second)?)))
        .collect()
}

fn matches(patterns: &BTreeSet<Pattern>, one: Key, other: Key) -> bool {
    [(Some(one), Some(other)), (Some(one), None), (None, Some(other)), (None, None)]
        .iter()
        .any(|pattern| patterns.contains(pattern))
}

fn is_blank(row: &UnreadPerson) -> bool {
    row.given_name.is_empty() && row.family_name.is_empty() && row.email.is_empty()
}

/// Returns whether an unusable row may be about a person, by address or by both names. A row with
/// none of them may be about anybody.
fn may_be(row: &UnreadPerson, person: &PersonRow) -> bool {
    let email = EmailAddress::parse(&row.email).ok().map(|address| address.key());
    let has_address = email.is_some() && email == person.email_key;
    let same = |one: &str, other: &str| one.trim().to_lowercase() == other.trim().to_lowercase();
    let is_named = !(row.given_name.is_empty() && row.family_name.is_empty());
    let has_names = is_named
        && same(&row.given_name, &person.given_name)
        && same(&row.family_name, &person.family_name);
    is_blank(row) || has_address || has_names
}
