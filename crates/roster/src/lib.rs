//! Reads a school's roster into one shape and reports what it could not use. Knows no database, no
//! clock and no network.
//!
//! OneRoster 1.1 and 1.2 CSV and Microsoft School Data Sync v2.1 CSV, in a folder or a zip: start
//! with [`read`]. The collections of OneRoster's REST bindings, which somebody else has fetched
//! into a [`Spool`]: [`read_collections`]. Rows of one kind that a program pushes: [`read_push`].
//! Rows flow from `source` (bytes) through `records` (cells of CSV) or `objects` (cells of JSON)
//! and `table` (named columns) into a `draft` (what the files say), of which `assemble` makes
//! schools.

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

/// Reads the roster in a folder or zip; of one school, by its id or exact name, if asked for.
///
/// Rows that can't be used are left out and told of in [`Roster::findings`]. Rows of schools that
/// were not asked for are left out silently.
///
/// # Errors
/// [`Refusal`] when the roster as a whole is unsafe, too large, or so damaged that what remains
/// would pass for a smaller school.
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

/// Reads collections that were fetched over REST, of which each must be there to its end; of the
/// schools that are listed, by id or exact name, if any are. What other orgs have is left out, and
/// told of in [`Roster::findings`] by a sentence for each.
///
/// They pass through the same rules as files do. In [`Roster::findings`] the collection's name
/// stands for the file's, the object's number, counted from 1, for the line, and each ends with the
/// object's id.
///
/// # Errors
/// As [`read`]; a format that has no REST binding is [`ReadError::UnknownFormat`].
pub fn read_collections(
    spool: Spool,
    format: Format,
    listed: &[String],
) -> Result<Roster, Refusal> {
    read_spool(spool, &Manifest::of_collections(format), listed)
}

/// As [`read_collections`], where of classes, people and enrolments only those were fetched that
/// have changed; what is missing stays as it was.
///
/// # Errors
/// As [`read_collections`], also when the changes alone can't be read, such as people of OneRoster
/// 1.2 of whom none has a role.
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
