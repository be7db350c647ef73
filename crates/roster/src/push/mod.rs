//! Reader of pushed rows of one kind. The rules of files apply: pushed rows and the existing
//! objects that they refer to become rows of one draft.
//!
//! Start with [`read_push`]. A row is refused if it refers to a person or class that does not
//! exist, or if it repeats an earlier row.

mod existing;
mod row_diagnostics;
mod rows;

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::assemble::{SchoolFilter, assemble};
use crate::draft::RosterDraft;
use crate::error::ReadError;
use crate::finding::Findings;
use crate::model::{Coverage, Format, Mode, Removed, School};
pub use existing::{ExistingLink, ExistingRecords};
pub use row_diagnostics::{RowDiagnostic, RowVerdict};

/// A row with its number, counted from 0, which diagnostics refer to.
pub type Numbered<T> = (usize, T);

/// The rows of a push.
#[derive(Debug, Clone)]
pub enum Push {
    /// People.
    People(Vec<Numbered<PushedPerson>>),
    /// Classes.
    Classes(Vec<Numbered<PushedClass>>),
    /// Enrolments of students and teachers in classes.
    Enrolments(Vec<Numbered<PushedEnrolment>>),
    /// Guardianships: links of contacts and students.
    Guardianships(Vec<Numbered<PushedGuardianship>>),
}

/// A pushed person, in the terms of the files.
#[derive(Debug, Clone, Default)]
pub struct PushedPerson {
    /// The id.
    pub sourced_id: String,
    /// The names of the roles.
    pub roles: Vec<String>,
    /// The honorific, for example "Mrs".
    pub honorific: String,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// The email address.
    pub email: String,
    /// The person has left the school.
    pub remove: bool,
}

/// A pushed class.
#[derive(Debug, Clone, Default)]
pub struct PushedClass {
    /// The id.
    pub sourced_id: String,
    /// The title.
    pub title: String,
    /// The subject.
    pub subject: String,
    /// The code.
    pub code: String,
    /// The class no longer exists.
    pub remove: bool,
}

/// A pushed enrolment. Class, person and role identify it.
#[derive(Debug, Clone, Default)]
pub struct PushedEnrolment {
    /// The class.
    pub class: String,
    /// The person.
    pub person: String,
    /// The role in the class.
    pub role: String,
    /// The person is the main teacher.
    pub primary: bool,
    /// The first day.
    pub begins_on: Option<NaiveDate>,
    /// The last day.
    pub ends_on: Option<NaiveDate>,
    /// The person has left the class.
    pub remove: bool,
}

/// A pushed guardianship. Parent and student identify it.
#[derive(Debug, Clone, Default)]
pub struct PushedGuardianship {
    /// The contact.
    pub parent: String,
    /// The student.
    pub student: String,
    /// The relationship, for example "Mother".
    pub relationship: String,
    /// The priority; 1 comes first.
    pub priority: Option<u16>,
    /// True if the student lives with the contact.
    pub lives_with: Option<bool>,
    /// True if the school allows contact; `None` leaves the value unchanged.
    pub contact_allowed: Option<bool>,
    /// True if a court order is on file; `None` leaves the value unchanged.
    pub court_order: Option<bool>,
    /// The person is no longer a contact of the student.
    pub remove: bool,
}

/// The result of reading a push.
#[derive(Debug)]
pub struct PushOutcome {
    /// The kinds that changed, as deltas.
    pub coverage: Coverage,
    /// The usable rows, without the rest of the school.
    pub school: School,
    /// Objects that the rows remove.
    pub removed: Removed,
    /// The diagnostics of rows that are refused or only partly used.
    pub diagnostics: Vec<RowDiagnostic>,
}

/// Reads a push to the school with this id; `known` contains the existing objects that its rows
/// name.
///
/// # Errors
/// [`ReadError::TooLarge`] if there are more rows than a file may have.
pub fn read_push(
    school_id: &str,
    push: &Push,
    known: &ExistingRecords,
) -> Result<PushOutcome, ReadError> {
    let (mut draft, mut findings) = (RosterDraft::new(Format::OneRoster12), Findings::default());
    known.add_to_draft(school_id, push, &mut draft);
    let used = rows::read(school_id, push, known, &mut draft, &mut findings)?;
    // Every referenced object must exist: in the push, or among the known objects.
    draft.coverage = Coverage {
        orgs: Mode::Bulk,
        people: Mode::Bulk,
        guardianships: Mode::Bulk,
        classes: Mode::Bulk,
        enrolments: Mode::Bulk,
    };
    let mut roster =
        assemble(draft, SchoolFilter::One(school_id), findings).map_err(|refusal| refusal.error)?;
    let mut school = roster.schools.pop().unwrap_or_default();
    // An API client can't change the school's name.
    school.name = None;
    roster.removed.people_with_links.clear();
    roster.removed.guardianships = used.unlinked;
    let coverage = retain_pushed(&mut school, push, &used.ids);
    Ok(PushOutcome {
        coverage,
        school,
        removed: roster.removed,
        diagnostics: row_diagnostics::row_diagnostics(push, known, &roster.findings),
    })
}

/// Removes the objects that only served to resolve references.
fn retain_pushed(school: &mut School, push: &Push, pushed: &BTreeSet<String>) -> Coverage {
    let delta_if = |is: bool| if is { Mode::Delta } else { Mode::Absent };
    match push {
        Push::People(_) => school.people.retain(|person| pushed.contains(&person.sourced_id)),
        _ => school.people.clear(),
    }
    if !matches!(push, Push::Classes(_)) {
        school.classes.clear();
    }
    Coverage {
        orgs: Mode::Absent,
        people: delta_if(matches!(push, Push::People(_))),
        // Contact depends on the contact's roles, so changed roles of people change their links.
        guardianships: delta_if(matches!(push, Push::People(_) | Push::Guardianships(_))),
        classes: delta_if(matches!(push, Push::Classes(_))),
        enrolments: delta_if(matches!(push, Push::Enrolments(_))),
    }
}
