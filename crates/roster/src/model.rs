//! The roster in one shape for every format. All data is owned and sorted by id, so that the same
//! files give the same value.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::Serialize;

use crate::finding::{Finding, MissingData};
pub use crate::role::EnrolmentRole;

/// A roster that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roster {
    /// The format of the files.
    pub format: Format,
    /// The mode of each kind of object in the files.
    pub coverage: Coverage,
    /// One school for each org of type school, or only the requested one.
    pub schools: Vec<School>,
    /// Objects that the files mark as deleted. In a bulk roster missing objects are removed as
    /// well.
    pub removed: Removed,
    /// Objects in unusable rows: they stay as they were.
    pub unread: Unread,
    /// Missing columns and rows without which the files may be damaged.
    pub lacking: Vec<MissingData>,
    /// The findings, by file and line.
    pub findings: Vec<Finding>,
    /// The number of findings beyond the limit.
    pub findings_left_out: u64,
}

/// A roster's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// 1EdTech OneRoster 1.1 CSV.
    #[serde(rename = "oneroster_1.1")]
    OneRoster11,
    /// 1EdTech OneRoster 1.2 CSV.
    #[serde(rename = "oneroster_1.2")]
    OneRoster12,
    /// Microsoft School Data Sync v2.1 CSV.
    #[serde(rename = "sds_v2.1")]
    SdsV21,
}

/// The extent of a file: everything, changes only, or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Everything: missing objects are removed.
    #[default]
    Bulk,
    /// Changes only: missing objects stay as they were.
    Delta,
    /// Nothing: objects of this kind stay as they were.
    Absent,
}

/// The mode of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Coverage {
    /// Schools.
    pub orgs: Mode,
    /// People. Includes guardianships unless the format has a file of its own for them.
    pub people: Mode,
    /// Guardianships.
    pub guardianships: Mode,
    /// Classes.
    pub classes: Mode,
    /// Enrolments.
    pub enrolments: Mode,
}

/// Ids that the files mark as deleted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Removed {
    /// Schools.
    pub schools: BTreeSet<String>,
    /// People.
    pub people: BTreeSet<String>,
    /// Classes.
    pub classes: BTreeSet<String>,
    /// Enrolments, by class, person and role.
    pub enrolments: BTreeSet<(String, String, EnrolmentRole)>,
    /// People who have a row in a delta.
    pub listed: BTreeSet<String>,
    /// People whose rows list guardianships. In a delta, a guardianship between two people with
    /// rows is removed if neither row lists it. If one of them has no row, the guardianship stays,
    /// since that person's row may still list it.
    pub people_with_links: BTreeSet<String>,
    /// Guardianships, by contact and student.
    pub guardianships: BTreeSet<(String, String)>,
    /// Contact and student of links whose student a delta does not contain: the student's own row
    /// may carry a bar.
    pub links_without_student: BTreeSet<(String, String)>,
    /// The two people, in either order, of links that a delta mentions: existing links among them
    /// stay, whatever else the delta lacks.
    pub mentioned_links: BTreeSet<(String, String)>,
}

/// The objects of unusable rows. Existing ones stay as they were.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unread {
    /// Ids of people.
    pub person_ids: BTreeSet<String>,
    /// People with unreadable ids.
    pub people: Vec<UnreadPerson>,
    /// Ids of classes.
    pub class_ids: BTreeSet<String>,
    /// Classes with unreadable ids.
    pub classes: Vec<UnreadClass>,
    /// Enrolments, by class and person; `None` for an unreadable id.
    pub enrolments: BTreeSet<(Option<String>, Option<String>)>,
    /// Links, by contact and student; `None` for an unreadable id.
    pub guardianships: BTreeSet<(Option<String>, Option<String>)>,
    /// Bars on people's own rows: they also apply to links that stay as they were.
    pub bars: Vec<PersonBar>,
}

/// A person whose row has no readable id. Fields are blank if they are unreadable too.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnreadPerson {
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// The address in the row.
    pub email: String,
}

/// A class whose row has no readable id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnreadClass {
    /// The title; blank if it is unreadable too.
    pub title: String,
}

/// A bar on the row of a contact or a student. It applies to all links of this person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonBar {
    /// The contact or student.
    pub person_id: String,
    /// The school forbids contact.
    pub contact_barred: bool,
    /// A court order is on file.
    pub court_order: bool,
}

/// A school and all its data. A person of two schools is in both.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct School {
    /// The org's id.
    pub sourced_id: String,
    /// The org's name; `None` if the roster refers to the school but has no row of it (a delta).
    pub name: Option<String>,
    /// The number of people with each role, by the role's name in the files.
    pub users_by_role: BTreeMap<String, u64>,
    /// People, sorted by id.
    pub people: Vec<Person>,
    /// Guardianships, sorted by parent and student.
    pub guardianships: Vec<Guardianship>,
    /// Classes, sorted by id.
    pub classes: Vec<Class>,
    /// Enrolments, sorted by id.
    pub enrolments: Vec<Enrolment>,
}

/// A person of a school. Names are exactly as in the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The user's id.
    pub sourced_id: String,
    /// The honorific, for example "Mrs", from `metadata.title`.
    pub honorific: Option<String>,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// A valid address; `None` if it is invalid or missing, or if the source has disabled the
    /// login.
    pub email: Option<String>,
    /// The person's roles at the school.
    pub roles: Roles,
    /// The names of the person's roles at the school, as in the files.
    pub role_names: Vec<String>,
}

/// A person's roles at a school; several are usual, and none is possible (an aide).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Roles {
    /// The person is a student.
    pub student: bool,
    /// The person is a teacher.
    pub teacher: bool,
    /// The person is a parent, guardian or other contact of a student.
    pub parent: bool,
    /// The person manages the school's side of the product.
    pub staff: bool,
}

/// A guardianship: a contact's link to a student.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guardianship {
    /// The contact.
    pub parent_id: String,
    /// The student.
    pub student_id: String,
    /// The relationship, for example "Mother", from `metadata.relation`, else the role's name.
    pub relation: Option<String>,
    /// The priority, from `metadata.priority`; 1 comes first.
    pub priority: Option<u16>,
    /// True if the student lives with the contact, from `metadata.livesWith`.
    pub lives_with: Option<bool>,
    /// True if contact is allowed: false for relatives and unknown roles, and for barred contacts.
    pub contact_allowed: bool,
    /// True if the school forbids contact; `None` if it does not say. Without a bar, staff can
    /// still allow contact for a relative.
    pub contact_barred: Option<bool>,
    /// True if a court order is on file; if so, contact is not allowed either.
    pub court_order: Option<bool>,
}

/// A class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// The class's id.
    pub sourced_id: String,
    /// The class's title, else its course's, else its code or id.
    pub title: String,
    /// The class's code.
    pub code: Option<String>,
    /// The subjects of the class, else of the course, else the course's title, else the class's.
    pub subject: String,
    /// The course's title.
    pub course_title: Option<String>,
    /// The course's code.
    pub course_code: Option<String>,
    /// The first day of its terms.
    pub starts_on: Option<NaiveDate>,
    /// The last day of its terms; never a reason to leave the class out.
    pub ends_on: Option<NaiveDate>,
}

/// An enrolment: a student or teacher of a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// The enrolment's id; generated from class, person and role if the format has none.
    pub sourced_id: String,
    /// The class.
    pub class_id: String,
    /// The person.
    pub person_id: String,
    /// The role in the class.
    pub role: EnrolmentRole,
    /// The person is the main teacher.
    pub primary: bool,
    /// The first day.
    pub begins_on: Option<NaiveDate>,
    /// The last day; never a reason to leave the enrolment out.
    pub ends_on: Option<NaiveDate>,
}
