//! Roster pushes: rows of one kind by the sender's own ids, and the result of each row. Also
//! imports, and the restoring of what they ended.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{FieldError, Moment};

/// The request of `PUT /roster/…`: rows of one kind.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RosterPush<T> {
    /// The rows, 1 to 500.
    pub items: Vec<T>,
}

/// A person.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RosterPerson {
    /// The sender's id.
    pub sourced_id: String,
    /// Their roles at the school, in the terms of the roster formats.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// The honorific, for example "Mrs".
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub honorific: String,
    /// Given name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub given_name: String,
    /// Family name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub family_name: String,
    /// The email address for login.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub email: String,
    /// The person has left the school.
    #[serde(default, skip_serializing_if = "is_false")]
    pub remove: bool,
}

/// A class.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RosterClass {
    /// The sender's id.
    pub sourced_id: String,
    /// Its title.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// The subject.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// Its code.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// The class no longer exists.
    #[serde(default, skip_serializing_if = "is_false")]
    pub remove: bool,
}

/// An enrolment: a student or teacher of a class.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RosterEnrolment {
    /// The class.
    pub class_sourced_id: String,
    /// The person.
    pub person_sourced_id: String,
    /// The role in the class: student or teacher.
    pub role: String,
    /// The person is the main teacher.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_primary: bool,
    /// The first day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begins_on: Option<NaiveDate>,
    /// The last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_on: Option<NaiveDate>,
    /// The person has left the class.
    #[serde(default, skip_serializing_if = "is_false")]
    pub remove: bool,
}

/// A guardianship: a parent, guardian or other contact of a student.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RosterGuardianship {
    /// The contact.
    pub parent_sourced_id: String,
    /// The student.
    pub student_sourced_id: String,
    /// The relationship, for example "Mother".
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub relationship: String,
    /// The priority; 1 comes first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u16>,
    /// The student lives with them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lives_with: Option<bool>,
    /// True if the school allows contact; if absent, the last value stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_allowed: Option<bool>,
    /// True if a court order is on file; if absent, the last value stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub court_order: Option<bool>,
    /// The person is no longer a contact of the student.
    #[serde(default, skip_serializing_if = "is_false")]
    pub remove: bool,
}

/// The result of a push.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RosterResults {
    /// The result of each row, in the order of the request.
    pub items: Vec<RosterResult>,
    /// The number of rows by outcome.
    pub counts: RosterCounts,
    /// The import that was written, with which everything that it ended can be restored; absent if
    /// nothing was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_id: Option<Uuid>,
}

/// The result of a row.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RosterResult {
    /// The index of the row in the request, from 0.
    pub index: usize,
    /// The ids in the row, as far as it contains them.
    #[serde(flatten)]
    pub of: RosterName,
    /// The outcome.
    pub outcome: RosterOutcome,
    /// The reasons for a refusal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// The parts of an accepted row that could not be used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<FieldError>,
}

/// The ids in a row.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct RosterName {
    /// The id of a person or a class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sourced_id: Option<String>,
    /// The id of an enrolment's class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class_sourced_id: Option<String>,
    /// The id of an enrolment's person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_sourced_id: Option<String>,
    /// The id of a guardianship's contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_sourced_id: Option<String>,
    /// The id of a guardianship's student.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub student_sourced_id: Option<String>,
}

/// The outcome of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RosterOutcome {
    /// The object is new, or exists again.
    Added,
    /// The object existed with other values.
    Changed,
    /// The object was removed.
    Removed,
    /// The object stayed unchanged.
    Unchanged,
    /// The row was refused.
    Refused,
}

/// The number of rows by outcome.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "RosterOutcome documents the names")]
pub struct RosterCounts {
    pub added: usize,
    pub changed: usize,
    pub removed: usize,
    pub unchanged: usize,
    pub refused: usize,
}

impl RosterCounts {
    /// Counts one more row with this outcome.
    pub fn add(&mut self, outcome: RosterOutcome) {
        *match outcome {
            RosterOutcome::Added => &mut self.added,
            RosterOutcome::Changed => &mut self.changed,
            RosterOutcome::Removed => &mut self.removed,
            RosterOutcome::Unchanged => &mut self.unchanged,
            RosterOutcome::Refused => &mut self.refused,
        } += 1;
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// An import that changed the roster: a file, a sync or a push.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RosterImport {
    /// The import.
    pub id: Uuid,
    /// The source of the import.
    pub source: RosterSource,
    /// The time of the import.
    pub at: Moment,
    /// The number of objects that it ended.
    pub ended: RosterEnded,
    /// The time until which these can be restored.
    pub restorable_until: Moment,
    /// The last time that some of it was restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored_at: Option<Moment>,
}

/// The source of an import.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RosterSource {
    /// `file`, `provider`, `program` or `staff`.
    pub kind: String,
    /// The name of the source at that time.
    pub name: String,
}

/// The number of objects that an import ended, by kind.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct RosterEnded {
    /// People who were removed.
    pub people: u64,
    /// People who stayed but lost a role.
    pub roles: u64,
    /// Classes.
    pub classes: u64,
    /// Guardianships.
    pub guardianships: u64,
    /// Guardianships that stayed but no longer allow contact.
    pub contacts: u64,
    /// Enrolments.
    pub enrolments: u64,
    /// Appointments that ended with these.
    pub bookings: u64,
    /// Invites that ended with these.
    pub invites: u64,
}

/// A request to restore what an import ended.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RosterRestore {
    /// Only report what would be restored.
    #[serde(default)]
    pub dry_run: bool,
}

/// The result of restoring an import.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RosterRestored {
    /// The import.
    pub import_id: Uuid,
    /// Nothing was written.
    pub dry_run: bool,
    /// The number of restored objects.
    pub restored: u64,
    /// The number of objects that were not restored.
    pub not_restored: u64,
    /// The objects that were not restored, then the restored ones; at most 500.
    pub items: Vec<RosterRestoredItem>,
}

/// An object that an import ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RosterRestoredItem {
    /// The kind of object.
    pub kind: String,
    /// A description of the object.
    pub what: String,
    /// The object was restored.
    pub restored: bool,
    /// The reason why it was not restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
