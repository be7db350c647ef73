//! Rows of all formats in one shape, before references are resolved.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use parlour_domain::text::MAX_ID;

use crate::finding::{Findings, Location, Reason, quoted};
use crate::model::{Coverage, Format, Unread, UnreadClass, UnreadPerson};
use crate::role::EnrolmentRole;
use crate::table::Row;
use crate::values;

/// All rows that were read.
#[derive(Debug)]
pub(crate) struct RosterDraft {
    pub format: Format,
    pub coverage: Coverage,
    pub orgs: Table<Org>,
    pub sessions: Table<Session>,
    pub courses: Table<Course>,
    pub users: Table<User>,
    /// The roles of people at orgs.
    pub roles: Vec<RoleAssignment>,
    /// Contacts from a file of their own (SDS) or from a push.
    pub links: Vec<Link>,
    pub classes: Table<ClassRow>,
    pub enrolments: Table<EnrolmentRow>,
    /// Class, person and role of enrolments that are marked as deleted.
    pub unenrolled: BTreeSet<(String, String, EnrolmentRole)>,
    /// The content of unusable rows whose ids are unreadable too.
    pub unread: Unread,
    /// Bars in unusable rows of people, by the person's id.
    pub bars_of_unread: BTreeMap<String, ContactMetadata>,
    /// People of unusable role rows; `None` if the row does not name the person.
    pub people_of_unread_roles: BTreeSet<Option<String>>,
}

impl RosterDraft {
    pub(crate) fn new(format: Format) -> Self {
        Self {
            format,
            coverage: Coverage::default(),
            orgs: Table::default(),
            sessions: Table::default(),
            courses: Table::default(),
            users: Table::default(),
            roles: Vec::new(),
            links: Vec::new(),
            classes: Table::default(),
            enrolments: Table::default(),
            unenrolled: BTreeSet::new(),
            unread: Unread::default(),
            bars_of_unread: BTreeMap::new(),
            people_of_unread_roles: BTreeSet::new(),
        }
    }

    /// Records the person of an unusable row.
    pub(crate) fn unread_person(&mut self, row: &Row<'_>) {
        match readable_id(row, "sourcedId") {
            Some(id) => {
                let bars = values::readable_bars(row);
                if bars.is_bar() {
                    self.bars_of_unread.entry(id.to_owned()).or_default().add_bars(&bars);
                }
                self.users.insert_unread(id);
            }
            None => {
                let text = |column| row.text(column).to_owned();
                self.unread.people.push(UnreadPerson {
                    given_name: text("givenName"),
                    family_name: text("familyName"),
                    email: text("email"),
                });
            }
        }
    }

    /// Records the class of an unusable row.
    pub(crate) fn unread_class(&mut self, row: &Row<'_>) {
        match readable_id(row, "sourcedId") {
            Some(id) => self.classes.insert_unread(id),
            None => self.unread.classes.push(UnreadClass { title: row.text("title").to_owned() }),
        }
    }

    /// Records the enrolment of an unusable row.
    pub(crate) fn unread_enrolment(&mut self, row: &Row<'_>) {
        let id = |column| readable_id(row, column).map(str::to_owned);
        self.unread.enrolments.insert((id("classSourcedId"), id("userSourcedId")));
    }
}

/// An id that may match a known one: a longer id can't match.
fn readable_id<'r>(row: &'r Row<'_>, column: &str) -> Option<&'r str> {
    row.some(column).filter(|id| id.chars().count() <= MAX_ID)
}

/// Rows by id, ids marked as deleted, and ids of unusable rows. Each id is in only one of these
/// sets.
#[derive(Debug)]
pub(crate) struct Table<T> {
    pub rows: BTreeMap<String, T>,
    pub deleted: BTreeSet<String>,
    pub unread: BTreeSet<String>,
}

impl EnrolmentRow {
    /// A generated id, for formats without enrolment ids.
    pub(crate) fn generated_id(&self) -> String {
        generated_id(&self.class, &self.user, self.role)
    }
}

/// The id that is generated from class, person and role.
pub(crate) fn generated_id(class: &str, user: &str, role: EnrolmentRole) -> String {
    let role = match role {
        EnrolmentRole::Student => "student",
        EnrolmentRole::Teacher => "teacher",
    };
    format!("{class}/{user}/{role}")
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), deleted: BTreeSet::new(), unread: BTreeSet::new() }
    }
}

impl<T> Table<T> {
    /// Inserts a row unless its id is taken: the first row wins, and the later one is reported. An
    /// active row wins over one that is marked as deleted, in either order.
    pub(crate) fn insert(
        &mut self,
        at: Location,
        id: String,
        deleted: bool,
        row: T,
        findings: &mut Findings,
    ) {
        if deleted {
            self.insert_deleted(at, id, findings);
        } else {
            if self.deleted.remove(&id) {
                let message = format!(
                    "the id {} is marked as deleted in an earlier row; this active row counts",
                    quoted(&id)
                );
                findings.report(at, Reason::Duplicate, message);
            }
            self.unread.remove(&id);
            if self.is_new(at, &id, findings) {
                self.rows.insert(id, row);
            }
        }
    }

    /// Inserts the id of a row that is marked as deleted; its other cells are ignored.
    pub(crate) fn insert_deleted(&mut self, at: Location, id: String, findings: &mut Findings) {
        if self.is_new(at, &id, findings) {
            self.deleted.insert(id);
        }
    }

    /// Inserts the id of an unusable row, whose object may still exist.
    pub(crate) fn insert_unread(&mut self, id: &str) {
        if !self.rows.contains_key(id) {
            self.deleted.remove(id);
            self.unread.insert(id.to_owned());
        }
    }

    /// Returns whether no earlier row has the id; otherwise reports the row.
    pub(crate) fn is_new(&self, at: Location, id: &str, findings: &mut Findings) -> bool {
        let new =
            !self.rows.contains_key(id) && !self.deleted.contains(id) && !self.unread.contains(id);
        if !new {
            let message =
                format!("the id {} stands in an earlier row; this row is not used", quoted(id));
            findings.report(at, Reason::Duplicate, message);
        }
        new
    }

    pub(crate) fn get(&self, id: &str) -> Option<&T> {
        self.rows.get(id)
    }

    /// The reason why an id can't be resolved, as the end of a sentence.
    pub(crate) fn absence(&self, id: &str) -> &'static str {
        match (self.deleted.contains(id), self.unread.contains(id)) {
            (true, _) => "marked as deleted",
            (_, true) => "in a row that can't be used",
            _ => "not in the roster",
        }
    }
}

#[derive(Debug)]
pub(crate) struct Org {
    pub at: Location,
    /// The type of the org: `school`, `district`, …
    pub kind: String,
    pub name: String,
    pub is_school: bool,
}

#[derive(Debug)]
pub(crate) struct Session {
    pub starts_on: Option<NaiveDate>,
    pub ends_on: Option<NaiveDate>,
}

#[derive(Debug)]
pub(crate) struct Course {
    pub title: String,
    pub code: Option<String>,
    pub subject: Option<String>,
}

#[derive(Debug)]
pub(crate) struct User {
    pub at: Location,
    pub honorific: Option<String>,
    pub given_name: String,
    pub family_name: String,
    pub email: Option<String>,
    /// The agents of this row: a student's contacts or a contact's students.
    pub agents: Vec<String>,
    pub contact: ContactMetadata,
}

/// The metadata of a row about a contact; `None` for absent values.
#[derive(Debug, Clone, Default)]
pub(crate) struct ContactMetadata {
    pub relation: Option<String>,
    pub priority: Option<u16>,
    pub lives_with: Option<bool>,
    /// The school forbids contact.
    pub barred: Option<bool>,
    pub court_order: Option<bool>,
}

impl ContactMetadata {
    /// Takes over only the bars of another row about the same person.
    pub(crate) fn add_bars(&mut self, other: &Self) {
        for (bar, said) in
            [(&mut self.barred, other.barred), (&mut self.court_order, other.court_order)]
        {
            if said == Some(true) {
                *bar = said;
            }
        }
    }

    /// Returns whether there is a bar on contact.
    pub(crate) fn is_bar(&self) -> bool {
        self.barred == Some(true) || self.court_order == Some(true)
    }
}

#[derive(Debug)]
pub(crate) struct RoleAssignment {
    pub at: Location,
    pub user: String,
    pub org: String,
    pub role: String,
}

#[derive(Debug)]
pub(crate) struct Link {
    pub at: Location,
    pub student: String,
    pub contact: String,
    /// The contact's role in relation to the student, if it decides on contact; `None` if the
    /// contact's own roles decide.
    pub role: Option<String>,
    /// Contact was allowed before, and this row gives no reason to reconsider it.
    pub keeps_contact: bool,
    pub facts: ContactMetadata,
}

#[derive(Debug)]
pub(crate) struct ClassRow {
    pub at: Location,
    pub org: String,
    pub course: Option<String>,
    pub title: String,
    pub code: Option<String>,
    pub subject: Option<String>,
    pub sessions: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct EnrolmentRow {
    pub at: Location,
    pub class: String,
    pub user: String,
    /// The school, if the row names it; the class's own school takes precedence.
    pub org: Option<String>,
    pub role: EnrolmentRole,
    pub primary: bool,
    pub begins_on: Option<NaiveDate>,
    pub ends_on: Option<NaiveDate>,
}
