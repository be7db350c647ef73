//! What a roster says, in one shape for every format. All of it is owned and sorted by id, so that
//! the same files give the same value.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::Serialize;

use crate::finding::{Finding, MissingData};
pub use crate::role::EnrolmentRole;

/// What was read from a folder or zip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roster {
    /// The format the files are in.
    pub format: Format,
    /// How much of each kind the files claim to hold.
    pub coverage: Coverage,
    /// One for each org of type school, or the one asked for.
    pub schools: Vec<School>,
    /// What the files say is gone. In a bulk roster what is missing is gone as well.
    pub removed: Removed,
    /// What stands in rows that can't be used: it stays as it was.
    pub unread: Unread,
    /// Columns and rows without which the files may be damaged.
    pub lacking: Vec<MissingData>,
    /// What could not be used, by file and line.
    pub findings: Vec<Finding>,
    /// How many more findings there were than are kept.
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

/// Whether a file holds everything, changes only, or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Everything: what is missing from it is gone.
    #[default]
    Bulk,
    /// Changes: what is missing from it stays as it was.
    Delta,
    /// Nothing: the kind stays as it was.
    Absent,
}

/// The mode of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Coverage {
    /// Schools.
    pub orgs: Mode,
    /// People, and with them guardianships unless the format has a file of its own for those.
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
    /// People of whom a delta has a row.
    pub listed: BTreeSet<String>,
    /// People whose rows list guardianships. In a delta, those between two people of whom it has
    /// rows are gone when neither row lists them; whether one of a person of whom it has no
    /// row is gone can't be known, since that person's row may list it still.
    pub people_with_links: BTreeSet<String>,
    /// Guardianships, by contact and student.
    pub guardianships: BTreeSet<(String, String)>,
    /// Contact and student of links whose student a delta does not hold: a bar may stand on the
    /// student's own row.
    pub links_without_student: BTreeSet<(String, String)>,
    /// The two people, in either order, of links that a delta names: those that are there stay,
    /// whatever else it lacks.
    pub mentioned_links: BTreeSet<(String, String)>,
}

/// Whom and what rows are about that can't be used. Whatever of it is there stays as it was.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unread {
    /// People whose ids can be read.
    pub person_ids: BTreeSet<String>,
    /// People whose ids can't be read.
    pub people: Vec<UnreadPerson>,
    /// Classes whose ids can be read.
    pub class_ids: BTreeSet<String>,
    /// Classes whose ids can't be read.
    pub classes: Vec<UnreadClass>,
    /// Enrolments, by class and person; none where the row doesn't tell.
    pub enrolments: BTreeSet<(Option<String>, Option<String>)>,
    /// Links, by contact and student; none where the row doesn't tell.
    pub guardianships: BTreeSet<(Option<String>, Option<String>)>,
    /// Bars that stand on people's own rows: they hold for links that stay as they were, too.
    pub bars: Vec<PersonBar>,
}

/// Somebody whose row has no id that can be read. Blank where nothing else can be read either.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnreadPerson {
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// The address, as the row has it.
    pub email: String,
}

/// A class whose row has no id that can be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnreadClass {
    /// The title; blank where it can't be read either.
    pub title: String,
}

/// A bar on the row of a contact or a student. It holds for all links of theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonBar {
    /// The contact or student.
    pub person_id: String,
    /// There must be no contact.
    pub contact_barred: bool,
    /// A court order is on file.
    pub court_order: bool,
}

/// A school and all that belongs to it. A person of two schools stands in both.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct School {
    /// The org's id.
    pub sourced_id: String,
    /// The org's name; none when the roster names the school but has no row of it (a delta).
    pub name: Option<String>,
    /// How many people have each role, by the role's name as the files write it.
    pub users_by_role: BTreeMap<String, u64>,
    /// By id.
    pub people: Vec<Person>,
    /// By parent and student.
    pub guardianships: Vec<Guardianship>,
    /// By id.
    pub classes: Vec<Class>,
    /// By id.
    pub enrolments: Vec<Enrolment>,
}

/// Someone of a school. Names are exactly as the files have them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The user's id.
    pub sourced_id: String,
    /// "Mrs", from `metadata.title`.
    pub honorific: Option<String>,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// A checked address; none if it is wrong or missing, or if the source has switched the login
    /// off.
    pub email: Option<String>,
    /// What the person is to the school.
    pub roles: Roles,
    /// The names of the person's roles at the school, as the files write them.
    pub role_names: Vec<String>,
}

/// What a person is to a school; several at once are usual, none is possible (an aide).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Roles {
    /// Learns here.
    pub student: bool,
    /// Teaches here.
    pub teacher: bool,
    /// Is a parent, guardian or other contact of a student.
    pub parent: bool,
    /// Runs the school's side.
    pub staff: bool,
}

/// A contact's link to a student.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guardianship {
    /// The contact.
    pub parent_id: String,
    /// The student.
    pub student_id: String,
    /// "Mother", from `metadata.relation`, else the role's name.
    pub relation: Option<String>,
    /// 1 comes first; from `metadata.priority`.
    pub priority: Option<u16>,
    /// Whether the student lives with the contact, from `metadata.livesWith`.
    pub lives_with: Option<bool>,
    /// False for relatives and unknown roles, and for whoever the school bars.
    pub contact_allowed: bool,
    /// Whether the school says that there must be no contact; none when it says nothing of it.
    /// Without a bar, staff may still allow a relative.
    pub contact_barred: Option<bool>,
    /// Whether the school says that a court order is on file; contact is then not allowed either.
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
    /// Subjects of the class, else of the course, else the course's title, else the class's.
    pub subject: String,
    /// The course's title.
    pub course_title: Option<String>,
    /// The course's code.
    pub course_code: Option<String>,
    /// First day of its terms.
    pub starts_on: Option<NaiveDate>,
    /// Last day of its terms; never a reason to leave it out.
    pub ends_on: Option<NaiveDate>,
}

/// A student or teacher of a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// The enrolment's id; made of class, person and role where the format has none.
    pub sourced_id: String,
    /// The class.
    pub class_id: String,
    /// The person.
    pub person_id: String,
    /// Learns or teaches.
    pub role: EnrolmentRole,
    /// The teacher mainly responsible.
    pub primary: bool,
    /// First day.
    pub begins_on: Option<NaiveDate>,
    /// Last day; never a reason to leave it out.
    pub ends_on: Option<NaiveDate>,
}
