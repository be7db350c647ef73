//! What an import did, for machines (`serde`) and for people (`Display`).

use std::{collections::BTreeMap, fmt};

use parlour_roster::{Finding, Format, School};
use serde::Serialize;
use uuid::Uuid;

use super::Stop;
use crate::store::roster::{Changes, Counts, Line, Plan};

/// The outcome of one import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// The files' format.
    pub format: Format,
    /// Nothing was written.
    pub dry_run: bool,
    /// What the brake stopped the import for: nothing was written then, either.
    pub stopped: Vec<Stop>,
    /// School by school.
    pub schools: Vec<SchoolReport>,
    /// People of all schools by the names of their roles, as the files have them.
    pub users_by_role: BTreeMap<String, u64>,
    /// The changes of all schools.
    pub changes: Changes,
    /// What could not be used, by file and line.
    pub findings: Vec<Finding>,
    /// Findings beyond those that are listed.
    pub findings_left_out: u64,
    /// Links and enrolments that name what neither the roster nor the database knows.
    pub unresolved: Vec<String>,
}

/// The outcome for one school.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SchoolReport {
    /// The school's id in the roster.
    pub sourced_id: String,
    /// Its name.
    pub name: String,
    /// The part of URLs that names it.
    pub slug: String,
    /// The import's id, by which what it ended can be brought back; none when nothing was written.
    pub import_id: Option<Uuid>,
    /// People by the names of their roles, as the files have them.
    pub users_by_role: BTreeMap<String, u64>,
    /// What was added, changed, removed and left.
    pub changes: Changes,
    /// In a dry run, or when the import was stopped: what would be written, up to 200 of each kind.
    pub differences: Vec<Line>,
}

impl ImportReport {
    pub(super) fn new(format: Format, dry_run: bool, findings: Vec<Finding>, findings_left_out: u64) -> Self {
        let (stopped, schools, users_by_role, changes, unresolved) = Default::default();
        Self { format, dry_run, stopped, schools, users_by_role, changes, findings, findings_left_out, unresolved }
    }

    pub(super) fn add(&mut self, school: &School, plan: &Plan) {
        for (role, count) in &school.users_by_role {
            *self.users_by_role.entry(role.clone()).or_default() += count;
        }
        self.changes.join(&plan.changes);
        self.unresolved.extend(plan.unresolved.iter().cloned());
        self.schools.push(SchoolReport {
            sourced_id: school.sourced_id.clone(),
            name: plan.name().to_owned(),
            slug: plan.slug().to_owned(),
            import_id: plan.import_id().filter(|_| !self.dry_run && self.stopped.is_empty()),
            users_by_role: school.users_by_role.clone(),
            changes: plan.changes.clone(),
            differences: if self.dry_run || !self.stopped.is_empty() { plan.lines.clone() } else { Vec::new() },
        });
    }

    /// A delta's school that the database does not know.
    pub(super) fn miss(&mut self, school: &School) {
        self.unresolved.push(format!("the school {} is not known and the roster has no name for it; it is not imported", school.sourced_id));
    }
}

impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.dry_run {
            writeln!(f, "Dry run: nothing was written.\n")?;
        }
        if !self.stopped.is_empty() {
            let would_be = if self.dry_run { "It would be stopped" } else { "Stopped: nothing was written" };
            writeln!(f, "{would_be}, since too much would be removed at once:")?;
            self.stopped.iter().try_for_each(|stop| writeln!(f, "  {stop}"))?;
            writeln!(f, "If that is right, sync once with --allow-removals.\n")?;
        }
        for school in &self.schools {
            writeln!(f, "{} ({}), /{}", school.name, school.sourced_id, school.slug)?;
            if let Some(import) = school.import_id {
                writeln!(f, "  import {import}")?;
            }
            let roles: Vec<String> = school.users_by_role.iter().map(|(role, count)| format!("{count} {role}")).collect();
            writeln!(f, "  in the files: {}", if roles.is_empty() { "nobody".to_owned() } else { roles.join(", ") })?;
            write_changes(f, &school.changes)?;
            school.differences.iter().try_for_each(|line| writeln!(f, "    {line}"))?;
        }
        let told = self.findings.len() + self.unresolved.len();
        if told == 0 {
            return writeln!(f, "\nEvery row was used.");
        }
        writeln!(f, "\nNot used, in whole or in part ({}):", told as u64 + self.findings_left_out)?;
        for finding in &self.findings {
            writeln!(f, "  {finding}")?;
        }
        for sentence in &self.unresolved {
            writeln!(f, "  {sentence}")?;
        }
        if self.findings_left_out > 0 {
            writeln!(f, "  … and {} more", self.findings_left_out)?;
        }
        Ok(())
    }
}

fn write_changes(f: &mut fmt::Formatter<'_>, changes: &Changes) -> fmt::Result {
    writeln!(f, "  {:<24}{:>9}{:>9}{:>9}{:>11}", "", "added", "changed", "removed", "unchanged")?;
    let mut line =
        |name: &str, counts: &Counts| writeln!(f, "  {name:<24}{:>9}{:>9}{:>9}{:>11}", counts.added, counts.changed, counts.removed, counts.unchanged);
    line("people", &changes.people)?;
    for (role, counts) in &changes.people_by_role {
        line(&format!("  {role}"), counts)?;
    }
    line("guardianships", &changes.guardianships)?;
    line("classes", &changes.classes)?;
    line("enrolments", &changes.enrolments)?;
    if changes.access_withdrawn > 0 {
        writeln!(f, "  access withdrawn from {} contacts", changes.access_withdrawn)?;
    }
    match changes.appointments_stranded {
        0 => {}
        1 => writeln!(f, "  1 appointment stranded; staff are to move or cancel it")?,
        many => writeln!(f, "  {many} appointments stranded; staff are to move or cancel them")?,
    }
    Ok(())
}
