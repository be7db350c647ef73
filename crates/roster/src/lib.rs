//! Reader of a school's roster: it converts every format into one shape and reports unusable data.
//! Knows no database, no clock and no network.
//!
//! [`read`] reads OneRoster 1.1 and 1.2 CSV and Microsoft School Data Sync v2.1 CSV, in a folder or
//! a zip; start there. [`read_collections`] reads the collections of OneRoster's REST bindings,
//! which the caller has fetched into a [`Spool`]. [`read_push`] reads rows of one kind that an API
//! client pushes. Rows flow from `source` (bytes) through `records` (CSV cells) or `objects` (JSON
//! cells) and `table` (named columns) into a `draft` (unresolved rows), from which `assemble`
//! builds schools.

mod assemble;
mod classes;
mod collections;
mod columns;
mod contacts;
mod draft;
mod error;
mod finding;
mod headers;
pub mod limits;
mod manifest;
mod members;
mod model;
mod objects;
mod oneroster;
mod push;
mod records;
mod role;
mod sds;
mod source;
mod table;
mod users;
mod values;

use std::path::Path;

pub use collections::{Collection, Spool, SpoolFile};
pub use error::{ReadError, Refusal};
pub use finding::{Finding, MissingData, Reason};
pub use model::{
    Class, Coverage, Enrolment, EnrolmentRole, Format, Guardianship, Mode, Person, PersonBar,
    Removed, Roles, Roster, School, Unread, UnreadClass, UnreadPerson,
};

pub use push::{
    ExistingLink, ExistingRecords, Numbered, Push, PushOutcome, PushedClass, PushedEnrolment,
    PushedGuardianship, PushedPerson, RowDiagnostic, RowVerdict, read_push,
};

pub use role::is_staff;

use assemble::SchoolFilter;
use draft::RosterDraft;
use finding::Findings;
use manifest::Manifest;
use source::Source;

/// Reads the roster in a folder or zip; if `only_school` is given, only the school with this id or
/// exact name.
///
/// Unusable rows are left out and reported in [`Roster::findings`]. Rows of schools that were not
/// requested are left out silently.
///
/// # Errors
/// [`Refusal`] if the roster as a whole is unsafe, too large, or so damaged that the remainder
/// would look like a smaller school.
pub fn read(path: &Path, only_school: Option<&str>) -> Result<Roster, Refusal> {
    let mut findings = Findings::default();
    match read_files(path, &mut findings) {
        Ok(draft) => assemble::assemble(draft, SchoolFilter::asked(only_school), findings),
        Err(error) => Err(Refusal::new(error, findings)),
    }
}

fn read_files(path: &Path, findings: &mut Findings) -> Result<RosterDraft, ReadError> {
    let mut source = Source::open(path)?;
    let manifest = Manifest::read(&mut source, findings)?;
    match manifest.format {
        Format::OneRoster11 | Format::OneRoster12 => {
            oneroster::read(&mut source, &manifest, findings)
        }
        Format::SdsV21 => sds::read(&mut source, &manifest, findings),
    }
}

/// Reads complete collections that were fetched over REST; if `listed` is not empty, only the
/// schools with these ids or exact names. Data of other orgs is left out and reported in
/// [`Roster::findings`], with one message for each org.
///
/// Collections follow the same rules as files. In [`Roster::findings`] the collection's name
/// replaces the file's name, and the object's number, counted from 1, replaces the line; each
/// message ends with the object's id.
///
/// # Errors
/// As for [`read`]; a format without a REST binding is [`ReadError::UnknownFormat`].
pub fn read_collections(
    spool: Spool,
    format: Format,
    listed: &[String],
) -> Result<Roster, Refusal> {
    read_spool(spool, &Manifest::of_collections(format), listed)
}

/// As [`read_collections`], but classes, people and enrolments contain only changed objects;
/// missing ones stay as they were.
///
/// # Errors
/// As for [`read_collections`]. Also if the changes can't be read without the rest, for example
/// people of OneRoster 1.2 of whom none has a role.
pub fn read_changes(spool: Spool, format: Format, listed: &[String]) -> Result<Roster, Refusal> {
    read_spool(spool, &Manifest::of_changes(format), listed)
}

fn read_spool(spool: Spool, manifest: &Manifest, listed: &[String]) -> Result<Roster, Refusal> {
    let format = manifest.format;
    if format == Format::SdsV21 {
        return Err(ReadError::UnknownFormat.into());
    }
    let mut findings = Findings::default();
    let mut source = Source::of_collections(spool, format);
    let draft = match oneroster::read(&mut source, manifest, &mut findings) {
        Ok(draft) => draft,
        Err(error) => return Err(Refusal::new(error, findings)),
    };
    let mut roster = assemble::assemble(draft, SchoolFilter::listed(listed), findings)?;
    objects::name_findings(&mut source, &mut roster.findings)?;
    Ok(roster)
}
