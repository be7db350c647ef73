//! What the school's staff see: parents, students and bars.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Moment, Student};

/// A parent, as staff find them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Parent {
    /// The parent.
    pub id: Uuid,
    /// Their name.
    pub name: String,
    /// Their address, if the roster has a good one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Their students.
    pub students: Vec<LinkedStudent>,
    /// Who set each of their values last; with one parent alone, not in a list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<FieldSource>,
}

/// Who set a value last.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FieldSource {
    /// The value's name in a push of a roster.
    pub field: String,
    /// `file`, `provider`, `program` or `staff`.
    pub kind: String,
    /// What the source was called then.
    pub name: String,
    /// When.
    pub at: Moment,
}

/// A student of a parent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LinkedStudent {
    /// The student.
    pub student: Student,
    /// As in the roster: mother, guardian, …
    pub relationship: String,
    /// The parent may book and be invited for the student.
    pub allowed: bool,
    /// Staff can allow it: the roster knows a relative, or a role that nobody knows, and nothing
    /// stands against it.
    pub can_allow: bool,
    /// Who set each value of the link last; with one parent alone, not in a list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<FieldSource>,
    /// The student's classes; with one parent alone, not in a list.
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
    /// Who set each value of the class last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<FieldSource>,
    /// Who set each value of the student's place in it last; who set the role gave the place.
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
    /// Who set each value of their place in it last; who set the role gave the place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<FieldSource>,
}

/// `POST /bars`: bars a person or an address from a student. One of `person_id` and `email`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "validate", derive(validator::Validate))]
pub struct NewBar {
    /// From which student.
    pub student_id: Uuid,
    /// A person of the roster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_id: Option<Uuid>,
    /// An address, of anybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "validate", validate(length(max = 400)))]
    pub email: Option<String>,
    /// For the school's own record; never shown to parents.
    #[serde(default)]
    #[cfg_attr(feature = "validate", validate(length(max = 500)))]
    pub note: String,
}

/// A bar set by hand.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Bar {
    /// The bar.
    pub id: Uuid,
    /// From which student.
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
    /// The school's record.
    pub note: String,
    /// Who set it.
    pub set_by: String,
    /// When.
    pub created_at: Moment,
}
