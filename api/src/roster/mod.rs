//! The roster import: reads files, compares, writes, and says what it did. Knows neither the command line nor HTTP.

mod report;
#[cfg(test)]
mod tests;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context as _;
use parlour_roster::{Roster, School};

pub use self::report::{ImportReport, SchoolReport};
use crate::{
    context::Context,
    store::{
        Error, Store,
        roster::{self, Plan, Source},
    },
};

/// How often an import starts anew when another one has come between.
const TRIES: u32 = 3;

/// What an import is asked for beside its files.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// Only the school of this id or exact name.
    pub school: Option<String>,
    /// Compare and report, but write nothing.
    pub dry_run: bool,
    /// The time zone of schools that are new, such as `Europe/London`.
    pub time_zone: String,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self { school: None, dry_run: false, time_zone: "Europe/London".to_owned() }
    }
}

/// Imports the roster in a folder or zip. Each school is written in one transaction of its own.
///
/// # Errors
/// When the roster is refused as a whole ([`parlour_roster::ReadError`], nothing is written then) or the database fails.
pub async fn import(store: &Store, ctx: &Context, path: &Path, options: ImportOptions) -> anyhow::Result<ImportReport> {
    let (path, only): (PathBuf, Option<String>) = (path.to_owned(), options.school);
    let roster = tokio::task::spawn_blocking(move || parlour_roster::read(&path, only.as_deref())).await??;
    let Roster { format, coverage, schools, removed, findings, findings_left_out } = roster;
    let source = Source { coverage, removed: Arc::new(removed), ctx: ctx.clone(), time_zone: options.time_zone };
    let mut report = ImportReport::new(format, options.dry_run, findings, findings_left_out);
    for school in schools {
        let school = Arc::new(school);
        match import_school(store, &source, &school, options.dry_run).await {
            Ok(plan) => report.add(&school, &plan),
            Err(Error::NotFound) => report.miss(&school),
            Err(error) => return Err(error).with_context(|| format!("the school {} could not be imported", school.sourced_id)),
        }
    }
    Ok(report)
}

async fn import_school(store: &Store, source: &Source, school: &Arc<School>, dry_run: bool) -> Result<Arc<Plan>, Error> {
    for _ in 0..TRIES {
        let (wanted, from) = (Arc::clone(school), source.clone());
        let plan = Arc::new(store.read(move |db| roster::plan(db, &wanted, &from)).await?);
        if dry_run {
            return Ok(plan);
        }
        let writing = Arc::clone(&plan);
        if store.write(move |db| roster::apply(db, &writing)).await? {
            return Ok(plan);
        }
    }
    Err(Error::Busy)
}
