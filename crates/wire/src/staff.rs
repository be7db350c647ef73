//! Data for the school's staff: parents, students and bars.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Moment, Student};

/// A parent, as staff see them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Parent {
    /// The parent.
    pub id: Uuid,
    /// Their name.
    pub name: String,
    /// Their address, if the roster has a valid one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Their students.
    pub students: Vec<LinkedStudent>,
    /// The last source of each of their values; present for a single parent, not in a list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<FieldSource>,
}

/// The last source of a value.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FieldSource {
    /// The name of the value in a roster push.
    pub field: String,
    /// `file`, `provider`, `program` or `staff`.
    pub kind: String,
    /// The name of the source at that time.
    pub name: String,
    /// The time when the source set the value.
    pub at: Moment,
}

/// A student of a parent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LinkedStudent {
    /// The student.
    pub student: Student,
    /// The relationship in the roster: mother, guardian, …
    pub relationship: String,
    /// The parent may act for the student: book, and be invited.
    pub allowed: bool,
    /// Staff can allow contact: the roster contains a relative or an unknown role, and nothing
    /// bars the contact.
    pub can_allow: bool,
    /// The last source of each value of the link; present for a single parent, not in a list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<FieldSource>,
    /// The student's classes; present for a single parent, not in a list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<StudentClass>,
}

/// A class of a student.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StudentClass {
    /// Its id in the roster.
    pub sourced_id: String,
    /// Its title.
    pub title: String,
    /// Its subject.
    pub subject: String,
    /// The last source of each value of the class.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<FieldSource>,
    /// The last source of each value of the student's enrolment; the source of the role created
    /// it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub place_sources: Vec<FieldSource>,
    /// Its teachers, the main ones first.
    pub teachers: Vec<ClassTeacher>,
}

/// A teacher of a class.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ClassTeacher {
    /// Their name.
    pub name: String,
    /// The last source of each value of their enrolment; the source of the role created it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<FieldSource>,
}

/// The request of `POST /bars`, which bars a person or an address from a student. It contains
/// either `person_id` or `email`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "validate", derive(validator::Validate))]
pub struct NewBar {
    /// The student.
    pub student_id: Uuid,
    /// A person in the roster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_id: Option<Uuid>,
    /// Any email address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "validate", validate(length(max = 400)))]
    pub email: Option<String>,
    /// A note for the school's own records; never shown to parents.
    #[serde(default)]
    #[cfg_attr(feature = "validate", validate(length(max = 500)))]
    pub note: String,
}

/// A bar set by hand.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Bar {
    /// The bar.
    pub id: Uuid,
    /// The student.
    pub student: Student,
    /// The person, if one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_id: Option<Uuid>,
    /// The person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_name: Option<String>,
    /// The address, if one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The note for the school's own records.
    pub note: String,
    /// The member of staff who set it.
    pub set_by: String,
    /// The time of its creation.
    pub created_at: Moment,
}
