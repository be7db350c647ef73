//! Report of an import, for machines (`serde`) and for people (`Display`).

use std::{collections::BTreeMap, fmt};

use parlour_roster::{Finding, Format, MissingData, School};
use serde::Serialize;
use uuid::Uuid;

use super::ExceededLimit;
use crate::store::roster::{Changes, Counts, Line, Plan};

/// The outcome of one import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// The files' format.
    pub format: Format,
    /// True if this is a dry run, which writes nothing.
    pub dry_run: bool,
    /// Kinds of which too much would be removed. Nothing was written of the schools concerned.
    pub stopped: Vec<ExceededLimit>,
    /// Missing columns and rows, without which the files may be damaged. If there are any, nothing
    /// was written. Empty if the import has no limit on removals.
    pub lacking: Vec<MissingData>,
    /// One report for each school.
    pub schools: Vec<SchoolReport>,
    /// Number of people of all schools by role name, as in the files.
    pub users_by_role: BTreeMap<String, u64>,
    /// The changes of all schools.
    pub changes: Changes,
    /// Rows and values that could not be used, by file and line.
    pub findings: Vec<Finding>,
    /// Number of findings that are not listed.
    pub findings_left_out: u64,
    /// Sentences about links and enrolments that refer to unknown people or classes.
    pub unresolved: Vec<String>,
    /// True if only one school was asked for, so that rows of others were skipped.
    #[serde(skip)]
    pub is_of_one_school: bool,
}

/// The outcome for one school.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SchoolReport {
    /// The school's id in the roster.
    pub sourced_id: String,
    /// Its name.
    pub name: String,
    /// Its slug, which names it in URLs.
    pub slug: String,
    /// The import's id, by which its endings can be restored; `None` when nothing was written.
    pub import_id: Option<Uuid>,
    /// Number of people by role name, as in the files.
    pub users_by_role: BTreeMap<String, u64>,
    /// Counts of added, changed, removed and unchanged rows.
    pub changes: Changes,
    /// The lines of what would be written, up to 200 of each kind, in a dry run or a refused
    /// import.
    pub differences: Vec<Line>,
}

impl ImportReport {
    pub(super) fn new(
        format: Format,
        dry_run: bool,
        findings: Vec<Finding>,
        findings_left_out: u64,
    ) -> Self {
        let (stopped, lacking, schools, users_by_role, changes, unresolved, is_of_one_school) =
            Default::default();
        Self {
            format,
            dry_run,
            stopped,
            lacking,
            schools,
            users_by_role,
            changes,
            findings,
            findings_left_out,
            unresolved,
            is_of_one_school,
        }
    }

    /// Adds the result for a school, which was written or would be.
    pub(super) fn add(&mut self, school: &School, plan: &Plan, is_written: bool) {
        for (role, count) in &school.users_by_role {
            *self.users_by_role.entry(role.clone()).or_default() += count;
        }
        self.changes.join(&plan.changes);
        self.unresolved.extend(plan.unresolved.iter().cloned());
        self.schools.push(SchoolReport {
            sourced_id: school.sourced_id.clone(),
            name: plan.name().to_owned(),
            slug: plan.slug().to_owned(),
            import_id: plan.import_id().filter(|_| is_written),
            users_by_role: school.users_by_role.clone(),
            changes: plan.changes.clone(),
            differences: if is_written { Vec::new() } else { plan.lines.clone() },
        });
    }

    /// Returns whether the import was refused, or would be, because too much would be lost.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        !self.stopped.is_empty() || !self.lacking.is_empty()
    }

    /// Returns whether some schools were written before others were refused, because the database
    /// changed while the import ran.
    #[must_use]
    pub fn is_written_in_part(&self) -> bool {
        self.is_refused() && self.schools.iter().any(|school| school.import_id.is_some())
    }

    /// The reasons for the refusal in one line; `None` if there was none.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        let reasons = self
            .lacking
            .iter()
            .map(ToString::to_string)
            .chain(self.stopped.iter().map(ToString::to_string));
        self.is_refused().then(|| reasons.collect::<Vec<_>>().join("; "))
    }

    /// Adds a school of a delta that the database does not know.
    pub(super) fn add_missing_school(&mut self, school: &School) {
        self.unresolved.push(format!(
            "the school {} is not known and the roster has no name for it; it is not imported",
            school.sourced_id
        ));
    }
}

impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.dry_run {
            writeln!(f, "Dry run: nothing was written.\n")?;
        }
        if self.is_refused() {
            write_refusal(f, self)?;
        }
        for school in &self.schools {
            writeln!(f, "{} ({}), /{}", school.name, school.sourced_id, school.slug)?;
            if let Some(import) = school.import_id {
                writeln!(f, "  import {import}")?;
            }
            let roles: Vec<String> = school
                .users_by_role
                .iter()
                .map(|(role, count)| format!("{count} {role}"))
                .collect();
            writeln!(
                f,
                "  in the files: {}",
                if roles.is_empty() { "nobody".to_owned() } else { roles.join(", ") }
            )?;
            write_changes(f, &school.changes)?;
            school.differences.iter().try_for_each(|line| writeln!(f, "    {line}"))?;
        }
        let told = self.findings.len() + self.unresolved.len();
        if told == 0 {
            return writeln!(
                f,
                "\n{}",
                if self.is_of_one_school {
                    "Every row of this school was used."
                } else {
                    "Every row was used."
                }
            );
        }
        writeln!(
            f,
            "\nNot used, in whole or in part, or understood by a guess ({}):",
            told as u64 + self.findings_left_out
        )?;
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

fn write_refusal(f: &mut fmt::Formatter<'_>, report: &ImportReport) -> fmt::Result {
    let would_be = match report {
        report if report.dry_run => "It would be refused",
        report if report.is_written_in_part() => {
            "Refused in part: of the schools named here nothing was written"
        }
        _ => "Refused: nothing was written",
    };
    writeln!(f, "{would_be}.")?;
    if !report.lacking.is_empty() {
        writeln!(f, "The files may be damaged:")?;
        report.lacking.iter().try_for_each(|lack| writeln!(f, "  {lack}"))?;
    }
    if !report.stopped.is_empty() {
        writeln!(f, "Too much would be removed at once:")?;
    }
    report.stopped.iter().try_for_each(|stop| writeln!(f, "  {stop}"))?;
    for school in &report.schools {
        let Changes {
            appointments_ended: ended,
            appointments_stranded: stranded,
            appointments_coming: coming,
            ..
        } = school.changes;
        writeln!(
            f,
            "  {}: of {coming} coming appointments {ended} would end and {stranded} would be \
             stranded",
            school.name
        )?;
    }
    writeln!(f, "If that is right, run it once more with --allow-removals.\n")
}

fn write_changes(f: &mut fmt::Formatter<'_>, changes: &Changes) -> fmt::Result {
    writeln!(f, "  {:<24}{:>9}{:>9}{:>9}{:>11}", "", "added", "changed", "removed", "unchanged")?;
    let mut line = |name: &str, counts: &Counts| {
        writeln!(
            f,
            "  {name:<24}{:>9}{:>9}{:>9}{:>11}",
            counts.added, counts.changed, counts.removed, counts.unchanged
        )
    };
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
    match changes.appointments_ended {
        0 => {}
        1 => writeln!(
            f,
            "  1 appointment ended: its parent or student is gone, or contact is not allowed any \
             more"
        )?,
        many => writeln!(
            f,
            "  {many} appointments ended: their parents or students are gone, or contact is not \
             allowed any more"
        )?,
    }
    match changes.appointments_stranded {
        0 => {}
        1 => writeln!(f, "  1 appointment stranded; staff are to move or cancel it")?,
        many => writeln!(f, "  {many} appointments stranded; staff are to move or cancel them")?,
    }
    Ok(())
}
