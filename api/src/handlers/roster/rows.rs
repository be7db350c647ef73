//! Parser of the JSON rows of a push: each row is checked on its own, and its errors belong to it
//! alone. Has no access to the database.

use parlour_domain::text::{
    self, Lines, MAX_ID, MAX_NAME, MAX_SUBJECT, MAX_TITLE, MAX_TYPED_ADDRESS, MAX_WORD, MAX_WORDS,
    TextError,
};
use parlour_roster::{
    EnrolmentRole, Numbered, Push, PushedClass, PushedEnrolment, PushedGuardianship, PushedPerson,
};
use parlour_wire::{
    FieldError, RosterClass, RosterEnrolment, RosterGuardianship, RosterName, RosterPerson,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    request::json,
    store::roster::{Plan, RowResult},
};

/// A kind of roster row.
pub(super) trait RowKind {
    /// The row as the contract defines it.
    type Wire: DeserializeOwned;
    /// The row as the roster import takes it.
    type Pushed: Clone;

    /// Checks a row and converts it for the import. Errors go into `check`.
    fn checked(row: Self::Wire, check: &mut RowErrors) -> Self::Pushed;
    /// Wraps the valid rows of the kind as a push.
    fn push(rows: Vec<Numbered<Self::Pushed>>) -> Push;
    /// The result of one row in the import plan.
    fn result(plan: &Plan, row: &Self::Pushed) -> RowResult;
}

/// Parses one row, or returns its errors.
pub(super) fn read<K: RowKind>(row: &Value) -> Result<K::Pushed, Vec<FieldError>> {
    let wire = json::read::<K::Wire>(row, json::Nulls::Refused).map_err(|wrong| vec![wrong])?;
    let mut check = RowErrors::default();
    let pushed = K::checked(wire, &mut check);
    if check.errors.is_empty() { Ok(pushed) } else { Err(check.errors) }
}

/// The ids of a row, without those that are missing or malformed.
pub(super) fn name_of(row: &Value) -> RosterName {
    let id = |name: &str| {
        row.get(name)?
            .as_str()
            .map(str::trim)
            .filter(|id| (1..=MAX_ID).contains(&id.chars().count()))
            .map(str::to_owned)
    };
    RosterName {
        sourced_id: id("sourced_id"),
        class_sourced_id: id("class_sourced_id"),
        person_sourced_id: id("person_sourced_id"),
        parent_sourced_id: id("parent_sourced_id"),
        student_sourced_id: id("student_sourced_id"),
    }
}

/// Collects the errors of one row.
#[derive(Default)]
pub(super) struct RowErrors {
    errors: Vec<FieldError>,
}

impl RowErrors {
    fn wrong(&mut self, field: &str, code: &str, detail: String) {
        self.errors.push(FieldError { field: field.to_owned(), code: code.to_owned(), detail });
    }

    /// Checks a text and trims it; `longest` is in characters.
    fn text(&mut self, field: &str, text: &str, longest: usize) -> String {
        let text = text.trim();
        match text::check(text, Lines::One, longest) {
            Ok(()) => {}
            Err(TextError::TooLong) => {
                self.wrong(field, "length", format!("Give at most {longest} characters."))
            }
            Err(TextError::BadCharacter) => {
                self.wrong(field, "format", "Give a text without control characters.".to_owned())
            }
        }
        text.to_owned()
    }

    /// Checks a text that must not be blank.
    fn filled(&mut self, field: &str, text: &str, longest: usize) -> String {
        let text = self.text(field, text, longest);
        if text.is_empty() {
            self.wrong(field, "required", format!("Give {field}: it must not be blank."));
        }
        text
    }
}

/// Rows of people.
pub(super) struct People;

impl RowKind for People {
    type Wire = RosterPerson;
    type Pushed = PushedPerson;

    fn checked(row: RosterPerson, check: &mut RowErrors) -> PushedPerson {
        if row.roles.is_empty() && !row.remove {
            check.wrong(
                "roles",
                "required",
                "Give at least one role, for instance student, parent or teacher.".to_owned(),
            );
        }
        if row.roles.len() > 20 {
            check.wrong("roles", "length", "Give at most 20 roles.".to_owned());
        }
        // Roles are stored as one comma-separated text.
        if row.roles.iter().any(|role| role.contains(',')) {
            check.wrong(
                "roles",
                "format",
                "Give each role as a text of its own, without a comma.".to_owned(),
            );
        }
        PushedPerson {
            sourced_id: check.filled("sourced_id", &row.sourced_id, MAX_ID),
            roles: row
                .roles
                .iter()
                .take(20)
                .map(|role| check.filled("roles", role, MAX_WORD))
                .collect(),
            honorific: check.text("honorific", &row.honorific, MAX_WORD),
            given_name: check.text("given_name", &row.given_name, MAX_NAME),
            family_name: check.text("family_name", &row.family_name, MAX_NAME),
            email: check.text("email", &row.email, MAX_TYPED_ADDRESS),
            remove: row.remove,
        }
    }

    fn push(rows: Vec<Numbered<PushedPerson>>) -> Push {
        Push::People(rows)
    }

    fn result(plan: &Plan, row: &PushedPerson) -> RowResult {
        plan.person_result(&row.sourced_id)
    }
}

/// Rows of classes.
pub(super) struct Classes;

impl RowKind for Classes {
    type Wire = RosterClass;
    type Pushed = PushedClass;

    fn checked(row: RosterClass, check: &mut RowErrors) -> PushedClass {
        PushedClass {
            sourced_id: check.filled("sourced_id", &row.sourced_id, MAX_ID),
            title: if row.remove {
                String::new()
            } else {
                check.filled("title", &row.title, MAX_TITLE)
            },
            subject: check.text("subject", &row.subject, MAX_SUBJECT),
            code: check.text("code", &row.code, MAX_WORDS),
            remove: row.remove,
        }
    }

    fn push(rows: Vec<Numbered<PushedClass>>) -> Push {
        Push::Classes(rows)
    }

    fn result(plan: &Plan, row: &PushedClass) -> RowResult {
        plan.class_result(&row.sourced_id)
    }
}

/// Rows of enrolments.
pub(super) struct Enrolments;

impl RowKind for Enrolments {
    type Wire = RosterEnrolment;
    type Pushed = PushedEnrolment;

    fn checked(row: RosterEnrolment, check: &mut RowErrors) -> PushedEnrolment {
        PushedEnrolment {
            class: check.filled("class_sourced_id", &row.class_sourced_id, MAX_ID),
            person: check.filled("person_sourced_id", &row.person_sourced_id, MAX_ID),
            role: check.filled("role", &row.role, MAX_WORD),
            primary: row.is_primary,
            begins_on: row.begins_on,
            ends_on: row.ends_on,
            remove: row.remove,
        }
    }

    fn push(rows: Vec<Numbered<PushedEnrolment>>) -> Push {
        Push::Enrolments(rows)
    }

    fn result(plan: &Plan, row: &PushedEnrolment) -> RowResult {
        EnrolmentRole::named(&row.role).map_or(RowResult::Unchanged, |role| {
            plan.enrolment_result(&row.class, &row.person, role)
        })
    }
}

/// Rows of guardianships.
pub(super) struct Guardianships;

impl RowKind for Guardianships {
    type Wire = RosterGuardianship;
    type Pushed = PushedGuardianship;

    fn checked(row: RosterGuardianship, check: &mut RowErrors) -> PushedGuardianship {
        PushedGuardianship {
            parent: check.filled("parent_sourced_id", &row.parent_sourced_id, MAX_ID),
            student: check.filled("student_sourced_id", &row.student_sourced_id, MAX_ID),
            relationship: check.text("relationship", &row.relationship, MAX_WORDS),
            priority: row.priority,
            lives_with: row.lives_with,
            contact_allowed: row.contact_allowed,
            court_order: row.court_order,
            remove: row.remove,
        }
    }

    fn push(rows: Vec<Numbered<PushedGuardianship>>) -> Push {
        Push::Guardianships(rows)
    }

    fn result(plan: &Plan, row: &PushedGuardianship) -> RowResult {
        plan.guardianship_result(&row.parent, &row.student)
    }
}
