//! Reads a school's roster files into one shape and reports what it could not use. Knows no database, no clock and no network.
//!
//! OneRoster 1.1 and 1.2 CSV and Microsoft School Data Sync v2.1 CSV, in a folder or a zip. Start with [`read`].
//! Rows flow from `source` (bytes) through `records` (cells) and `table` (named columns) into a `draft`
//! (what the files say), of which `assemble` makes schools.

mod assemble;
mod classes;
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
mod oneroster;
mod records;
mod role;
mod sds;
mod source;
mod table;
mod users;
mod values;

use std::path::Path;

pub use error::ReadError;
pub use finding::{Finding, Reason};
pub use model::{Class, Coverage, Enrolment, EnrolmentRole, Format, Guardianship, Mode, Person, Removed, Roles, Roster, School};

use finding::Findings;
use manifest::Manifest;
use source::Source;

/// Reads the roster in a folder or zip; of one school, by its id or exact name, if asked for.
///
/// Rows that can't be used are left out and told of in [`Roster::findings`]. Rows of schools that were not asked
/// for are left out silently.
///
/// # Errors
/// [`ReadError`] when the roster as a whole is unsafe, too large, or so damaged that what remains would pass for a smaller school.
pub fn read(path: &Path, only_school: Option<&str>) -> Result<Roster, ReadError> {
    let mut findings = Findings::default();
    let mut source = Source::open(path)?;
    let manifest = Manifest::read(&mut source, &mut findings)?;
    let draft = match manifest.format {
        Format::OneRoster11 | Format::OneRoster12 => oneroster::read(&mut source, &manifest, &mut findings)?,
        Format::SdsV21 => sds::read(&mut source, &manifest, &mut findings)?,
    };
    assemble::assemble(draft, only_school, findings)
}
