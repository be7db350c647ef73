//! A roster that a program pushes: rows of one kind by the sender's own ids, and what became of
//! each. And imports, with what is brought back of what they ended.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{FieldError, Moment};

/// `PUT /roster/…`: rows of one kind.
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
    /// What they are to the school, in the words of the roster formats.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// "Mrs".
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub honorific: String,
    /// Given name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub given_name: String,
    /// Family name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub family_name: String,
    /// Where they log in.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub email: String,
    /// They have left.
    #[serde(default, skip_serializing_if = "is_false")]
    pub remove: bool,
}

/// A class.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RosterClass {
    /// The sender's id.
    pub sourced_id: String,
    /// What it is called.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// What is taught.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// Its code.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// There is no such class any more.
    #[serde(default, skip_serializing_if = "is_false")]
    pub remove: bool,
}

/// A student or teacher of a class.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RosterEnrolment {
    /// The class.
    pub class_sourced_id: String,
    /// The person.
    pub person_sourced_id: String,
    /// Learns or teaches.
    pub role: String,
    /// The teacher mainly responsible.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_primary: bool,
    /// First day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begins_on: Option<NaiveDate>,
    /// Last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_on: Option<NaiveDate>,
    /// They have left the class.
    #[serde(default, skip_serializing_if = "is_false")]
    pub remove: bool,
}

/// A parent, guardian or other contact of a student.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RosterGuardianship {
    /// The contact.
    pub parent_sourced_id: String,
    /// The student.
    pub student_sourced_id: String,
    /// "Mother".
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub relationship: String,
    /// 1 comes first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u16>,
    /// The student lives with them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lives_with: Option<bool>,
    /// What the school says of contact; left out, it stays as it was said last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_allowed: Option<bool>,
    /// A court order is on file; left out, it stays as it was said last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub court_order: Option<bool>,
    /// They are no contact of the student any more.
    #[serde(default, skip_serializing_if = "is_false")]
    pub remove: bool,
}

/// What became of a push.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RosterResults {
    /// Row by row, in the order of the request.
    pub items: Vec<RosterResult>,
    /// How many rows there are of each outcome.
    pub counts: RosterCounts,
    /// The import that was written, by which what it ended can be brought back; none when nothing
    /// was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_id: Option<Uuid>,
}

/// What became of a row.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RosterResult {
    /// The row's place in the request, counted from 0.
    pub index: usize,
    /// Whom or what it is about, as far as the row says so.
    #[serde(flatten)]
    pub of: RosterName,
    /// What became of it.
    pub outcome: RosterOutcome,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// What of a row that was used could not be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<FieldError>,
}

/// The ids that a row has.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct RosterName {
    /// Of a person or a class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sourced_id: Option<String>,
    /// Of an enrolment's class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class_sourced_id: Option<String>,
    /// Of an enrolment's person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_sourced_id: Option<String>,
    /// Of a guardianship's contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_sourced_id: Option<String>,
    /// Of a guardianship's student.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub student_sourced_id: Option<String>,
}

/// What became of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RosterOutcome {
    /// New, or back.
    Added,
    /// There before, with other values.
    Changed,
    /// Gone now.
    Removed,
    /// As it was.
    Unchanged,
    /// Not used.
    Refused,
}

/// Rows by outcome.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the outcomes' own")]
pub struct RosterCounts {
    pub added: usize,
    pub changed: usize,
    pub removed: usize,
    pub unchanged: usize,
    pub refused: usize,
}

impl RosterCounts {
    /// Counts one more.
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

/// An import that has written something: a file, a sync or a push.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RosterImport {
    /// The import.
    pub id: Uuid,
    /// Where it came from.
    pub source: RosterSource,
    /// When.
    pub at: Moment,
    /// How much it ended.
    pub ended: RosterEnded,
    /// Until when that can be brought back.
    pub restorable_until: Moment,
    /// When something of it was brought back last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored_at: Option<Moment>,
}

/// Where an import came from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RosterSource {
    /// `file`, `provider`, `program` or `staff`.
    pub kind: String,
    /// What it was called then.
    pub name: String,
}

/// How much of each kind an import ended.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct RosterEnded {
    /// People who were removed.
    pub people: u64,
    /// People who stayed, and lost a role.
    pub roles: u64,
    /// Classes.
    pub classes: u64,
    /// Guardianships.
    pub guardianships: u64,
    /// Guardianships that stayed, and are not allowed any more.
    pub contacts: u64,
    /// Enrolments.
    pub enrolments: u64,
    /// Appointments that fell with them.
    pub bookings: u64,
    /// Invites that fell with them.
    pub invites: u64,
}

/// How what an import ended is brought back.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RosterRestore {
    /// Only say what would come back.
    #[serde(default)]
    pub dry_run: bool,
}

/// What came back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RosterRestored {
    /// The import.
    pub import_id: Uuid,
    /// Nothing was written.
    pub dry_run: bool,
    /// How many things came back.
    pub restored: u64,
    /// How many did not.
    pub not_restored: u64,
    /// What did not come back, then what did; up to 500.
    pub items: Vec<RosterRestoredItem>,
}

/// One thing that an import ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RosterRestoredItem {
    /// What it is.
    pub kind: String,
    /// Who or what.
    pub what: String,
    /// It came back.
    pub restored: bool,
    /// Why it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
