//! Roster import: reads files or fetches from a provider, compares, writes and reports. Knows no
//! command line; only [`remote`] knows HTTP.

pub mod push;
pub mod remote;
mod removal_limit;
mod report;
pub mod schedule;
mod settings;
mod source_schools;
mod sync;
#[cfg(test)]
mod tests;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use parlour_roster::{Roster, School};

pub use self::{
    removal_limit::{ExceededLimit, RemovalLimit},
    report::{ImportReport, SchoolReport},
    schedule::SyncWorker,
    settings::RosterSource,
    sync::{Deps, Extent, Outcome, sync, sync_with_lease},
};
use crate::{
    context::Context,
    store::{
        Error, Store,
        roster::{self, Plan, Source},
        source_schools::SyncSource,
        sources::{Origin, SourceKind},
    },
};

/// Maximum number of attempts when other imports write in between.
const MAX_ATTEMPTS: u32 = 3;

/// Options of an import.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// Import only this school of the files, by id or exact name.
    pub school: Option<String>,
    /// The schools that a source may write, by id or exact name; empty if it may write those that
    /// are bound to it.
    pub schools: Vec<String>,
    /// Compare and report, but write nothing.
    pub dry_run: bool,
    /// The time zone of schools that are new, such as `Europe/London`.
    pub time_zone: String,
    /// Limit on removals at once; `None` for no limit.
    pub limit: Option<RemovalLimit>,
}

impl Default for ImportOptions {
    fn default() -> Self {
        let limit = Some(RemovalLimit::default());
        Self {
            school: None,
            schools: Vec::new(),
            dry_run: false,
            time_zone: "Europe/London".to_owned(),
            limit,
        }
    }
}

/// Imports the roster in a folder or zip. Each school is written in one transaction of its own.
///
/// # Errors
/// Fails if the roster is refused as a whole ([`parlour_roster::ReadError`], nothing is written
/// then) or the database fails.
pub async fn import(
    store: &Store,
    ctx: &Context,
    path: &Path,
    options: ImportOptions,
) -> anyhow::Result<ImportReport> {
    let (path, only): (PathBuf, Option<String>) = (path.to_owned(), options.school.clone());
    let origin = Origin::new(
        SourceKind::File,
        path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
    );
    let roster =
        tokio::task::spawn_blocking(move || parlour_roster::read(&path, only.as_deref())).await??;
    import_roster(store, ctx, roster, &options, origin, None).await
}

/// Writes a roster that was read, unless it is refused.
async fn import_roster(
    store: &Store,
    ctx: &Context,
    roster: Roster,
    options: &ImportOptions,
    origin: Origin,
    writer: Option<SyncSource>,
) -> anyhow::Result<ImportReport> {
    let mut import = Import::new(store, ctx, roster, options, origin, writer);
    if options.limit.is_some() {
        import.plan_all().await?;
    }
    import.write().await
}

/// Like [`import_roster`], but for a delta. Returns `None`, and writes nothing, if the delta may
/// mean something else than it says.
async fn import_delta(
    store: &Store,
    ctx: &Context,
    roster: Roster,
    options: &ImportOptions,
    origin: Origin,
    writer: SyncSource,
) -> anyhow::Result<Option<ImportReport>> {
    let mut import = Import::new(store, ctx, roster, options, origin, Some(writer));
    if import.plan_all().await? {
        return Ok(None);
    }
    import.write().await.map(Some)
}

/// A running import.
struct Import<'i> {
    store: &'i Store,
    options: &'i ImportOptions,
    source: Source,
    schools: Vec<Arc<School>>,
    report: ImportReport,
    /// The plan of the only school, once it has been checked.
    first: Option<Arc<Plan>>,
}

impl<'i> Import<'i> {
    fn new(
        store: &'i Store,
        ctx: &Context,
        roster: Roster,
        options: &'i ImportOptions,
        origin: Origin,
        writer: Option<SyncSource>,
    ) -> Self {
        let Roster {
            format,
            coverage,
            schools,
            removed,
            unread,
            lacking,
            findings,
            findings_left_out,
        } = roster;
        let source = Source {
            coverage,
            removed: Arc::new(removed),
            unread: Arc::new(unread),
            ctx: ctx.clone(),
            time_zone: options.time_zone.clone(),
            origin,
            writer,
            pushed_by: None,
        };
        let mut report = ImportReport::new(format, options.dry_run, findings, findings_left_out);
        report.is_of_one_school = options.school.is_some();
        if options.limit.is_some() {
            report.lacking = lacking;
        }
        Self {
            store,
            options,
            source,
            schools: schools.into_iter().map(Arc::new).collect(),
            report,
            first: None,
        }
    }

    /// Checks the plan of each school against the limit on removals; returns whether any plan is in
    /// doubt.
    async fn plan_all(&mut self) -> anyhow::Result<bool> {
        let mut is_in_doubt = false;
        for school in &self.schools {
            match plan(self.store, &self.source, school).await {
                Ok(plan) => {
                    is_in_doubt |= plan.is_in_doubt;
                    let stops = self.options.limit.map(|limit| {
                        limit.exceeded(&school.sourced_id, plan.name(), &plan.changes)
                    });
                    self.report.stopped.extend(stops.unwrap_or_default());
                    // With several schools the plans are made again before writing, since a plan
                    // may depend on what was written for an earlier school.
                    self.first = (self.schools.len() == 1).then_some(plan);
                }
                Err(Error::NotFound) => {}
                Err(error) => return Err(failed(school, error)),
            }
        }
        Ok(is_in_doubt)
    }

    async fn write(mut self) -> anyhow::Result<ImportReport> {
        let write = if self.options.dry_run || self.report.is_refused() {
            WriteMode::Nothing
        } else {
            WriteMode::Within(self.options.limit)
        };
        for school in &self.schools {
            match import_school(self.store, &self.source, school, self.first.take(), write).await {
                Ok(WriteOutcome::All(plan)) => self.report.add(school, &plan, true),
                Ok(WriteOutcome::Nothing(plan, stops)) => {
                    self.report.stopped.extend(stops);
                    self.report.add(school, &plan, false);
                }
                Err(Error::NotFound) => self.report.add_missing_school(school),
                Err(error) => return Err(failed(school, error)),
            }
        }
        Ok(self.report)
    }
}

fn failed(school: &School, error: Error) -> anyhow::Error {
    anyhow::Error::from(error)
        .context(format!("the school {} could not be imported", school.sourced_id))
}

/// True if a plan is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WriteMode {
    /// The plan is written, unless it exceeds this limit.
    Within(Option<RemovalLimit>),
    /// Nothing is written: a dry run, or an import that was refused.
    Nothing,
}

/// The outcome of a school's import.
enum WriteOutcome {
    All(Arc<Plan>),
    /// Nothing was written; the exceeded limits, if any, are the reason.
    Nothing(Arc<Plan>, Vec<ExceededLimit>),
}

async fn plan(store: &Store, source: &Source, school: &Arc<School>) -> Result<Arc<Plan>, Error> {
    let (wanted, from) = (Arc::clone(school), source.clone());
    Ok(Arc::new(store.read(move |db| roster::plan(db, &wanted, &from)).await?))
}

/// Writes a school's plan. If others have written meanwhile the plan is made again, so it is
/// checked against the limit here once more.
async fn import_school(
    store: &Store,
    source: &Source,
    school: &Arc<School>,
    mut first: Option<Arc<Plan>>,
    write: WriteMode,
) -> Result<WriteOutcome, Error> {
    for _ in 0..MAX_ATTEMPTS {
        let plan = match first.take() {
            Some(plan) => plan,
            None => plan(store, source, school).await?,
        };
        let WriteMode::Within(limit) = write else {
            return Ok(WriteOutcome::Nothing(plan, Vec::new()));
        };
        let stops = limit
            .map(|limit| limit.exceeded(&school.sourced_id, plan.name(), &plan.changes))
            .unwrap_or_default();
        if !stops.is_empty() {
            return Ok(WriteOutcome::Nothing(plan, stops));
        }
        let writing = Arc::clone(&plan);
        if store.write(move |db| roster::apply(db, &writing)).await? {
            return Ok(WriteOutcome::All(plan));
        }
    }
    Err(Error::Busy)
}
