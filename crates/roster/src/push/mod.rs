//! Rows of one kind that a program pushes, read by the rules of the files: they become rows of a
//! draft beside what they name and is there already.
//!
//! Start with [`read_push`]. What names somebody or a class that is not there is refused row by
//! row; so is a row that an earlier one repeats.

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

/// A row with its number, counted from 0, by which it is told of.
pub type Numbered<T> = (usize, T);

/// The rows of a push.
#[derive(Debug, Clone)]
pub enum Push {
    /// People.
    People(Vec<Numbered<PushedPerson>>),
    /// Classes.
    Classes(Vec<Numbered<PushedClass>>),
    /// Students and teachers of classes.
    Enrolments(Vec<Numbered<PushedEnrolment>>),
    /// Links of contacts and students.
    Guardianships(Vec<Numbered<PushedGuardianship>>),
}

/// Somebody, in the words of the files.
#[derive(Debug, Clone, Default)]
pub struct PushedPerson {
    /// The id.
    pub sourced_id: String,
    /// The names of the roles.
    pub roles: Vec<String>,
    /// "Mrs".
    pub honorific: String,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// The address.
    pub email: String,
    /// Gone from the school.
    pub remove: bool,
}

/// A class.
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
    /// Gone.
    pub remove: bool,
}

/// A student or teacher of a class. Class, person and role are its name.
#[derive(Debug, Clone, Default)]
pub struct PushedEnrolment {
    /// The class.
    pub class: String,
    /// The person.
    pub person: String,
    /// Learns or teaches.
    pub role: String,
    /// The teacher mainly responsible.
    pub primary: bool,
    /// First day.
    pub begins_on: Option<NaiveDate>,
    /// Last day.
    pub ends_on: Option<NaiveDate>,
    /// Gone.
    pub remove: bool,
}

/// A contact of a student. The two are its name.
#[derive(Debug, Clone, Default)]
pub struct PushedGuardianship {
    /// The contact.
    pub parent: String,
    /// The student.
    pub student: String,
    /// "Mother".
    pub relationship: String,
    /// 1 comes first.
    pub priority: Option<u16>,
    /// Whether the student lives with the contact.
    pub lives_with: Option<bool>,
    /// What the school says of contact; none leaves it as it was said last.
    pub contact_allowed: Option<bool>,
    /// Whether a court order is on file; none leaves it as it was said last.
    pub court_order: Option<bool>,
    /// Gone.
    pub remove: bool,
}

/// A push, read.
#[derive(Debug)]
pub struct PushOutcome {
    /// The kind, as changes.
    pub coverage: Coverage,
    /// The rows that can be used; of the rest of the school nothing.
    pub school: School,
    /// What rows say is gone.
    pub removed: Removed,
    /// What is to be said of rows: of those that are refused, and of those that are used in part.
    pub diagnostics: Vec<RowDiagnostic>,
}

/// Reads a push to the school of this id; `known` is what is there of what its rows name.
///
/// # Errors
/// [`ReadError::TooLarge`] when there are more rows than a file may have.
pub fn read_push(
    school_id: &str,
    push: &Push,
    known: &ExistingRecords,
) -> Result<PushOutcome, ReadError> {
    let (mut draft, mut findings) = (RosterDraft::new(Format::OneRoster12), Findings::default());
    known.add_to_draft(school_id, push, &mut draft);
    let used = rows::read(school_id, push, known, &mut draft, &mut findings)?;
    // Whatever is named must be there: in the push, or among what is known.
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
    // Its name is not a program's to say.
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

/// Takes out of the school what was only there to be named.
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
        // Contact rests on the contact's roles, so that links follow people whose roles change.
        guardianships: delta_if(matches!(push, Push::People(_) | Push::Guardianships(_))),
        classes: delta_if(matches!(push, Push::Classes(_))),
        enrolments: delta_if(matches!(push, Push::Enrolments(_))),
    }
}
