//! Imports of a roster: compares it with a school's rows outside of the write transaction, then
//! writes the difference in one transaction.
//!
//! Rows are never deleted; a row that is gone gets `removed_at`. Bars set by hand are not touched.
//! People who lose access by the import lose it in the same transaction ([`Revocation`]).

mod access_losses;
mod bars;
mod compare;
mod delta_links;
mod describe;
mod desired;
mod ended_bookings;
mod endings;
mod load;
mod lookup;
mod lost_access;
mod plan;
mod provenance;
mod restore;
mod row_results;
mod rows;
mod staff;
mod stranded_bookings;
#[cfg(test)]
mod tests;
mod unread;
mod write;

use std::{collections::BTreeMap, sync::Arc};

use diesel::prelude::*;
use parlour_domain::{
    id::{PersonId, SchoolId},
    restoration::RESTORABLE_FOR,
};
use parlour_roster::{Coverage, Mode, Removed, School, Unread};
use serde::Serialize;

use self::rows::SchoolRow;
pub use self::{
    compare::RowResult,
    describe::Line,
    lookup::{PushedIds, look_up, sourced_id, staff_in},
    plan::Plan,
    restore::{Ending, ImportRow, Restored, RestoredItem, imports, restore, school_of},
};
use super::{
    Db, Error, Result,
    events::{self, Actor},
    in_ids::in_ids,
    locks::{self, LockRank},
    revocation::{Revocation, Revoked},
    source_schools::{self, SyncSource},
    sources::Origin,
    sql_types::Key,
    staff_alerts,
    webhooks::{self, WebhookEvent},
};
use crate::{
    context::Context,
    schema::{guardianships, marks, schools},
    with_conn,
};

/// The number of rows that one statement writes; 500 rows of 16 columns stay under SQLite's limit
/// of parameters.
const ROWS: usize = 500;

/// The input of an import, apart from the school itself.
#[derive(Clone)]
pub struct Source {
    /// Coverage of each kind: complete, changes only, or absent.
    pub coverage: Coverage,
    /// The rows that the roster says are gone.
    pub removed: Arc<Removed>,
    /// Subjects of the unusable rows of the roster. Existing rows about them stay as they
    /// were.
    pub unread: Arc<Unread>,
    /// The clock and ids of the import.
    pub ctx: Context,
    /// The time zone for a new school.
    pub time_zone: String,
    /// The origin that the rows record for each value.
    pub origin: Origin,
    /// The source that it was fetched from, if any.
    pub writer: Option<SyncSource>,
    /// The actor of a push, for the audit log; `None` for an import by the school's systems.
    pub pushed_by: Option<Actor>,
}

/// Number of rows of a kind an import adds, changes, removes and leaves unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// New rows, and removed rows that came back.
    pub added: u64,
    /// Existing rows with other values.
    pub changed: u64,
    /// Rows that were marked as removed.
    pub removed: u64,
    /// Rows that stayed as they were.
    pub unchanged: u64,
}

/// The changes of an import, by kind.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Changes {
    /// All people.
    pub people: Counts,
    /// People by role.
    pub people_by_role: BTreeMap<String, Counts>,
    /// Links between parents and students.
    pub guardianships: Counts,
    /// Classes.
    pub classes: Counts,
    /// Students and teachers in classes.
    pub enrolments: Counts,
    /// Links that allowed contact before and do not any more.
    pub access_withdrawn: u64,
    /// Coming appointments that the import ends because a parent or student goes or loses contact.
    /// A push does not count them.
    pub appointments_ended: u64,
    /// Coming appointments that the import strands: they stay, but their class or an enrolment in
    /// it is gone.
    pub appointments_stranded: u64,
    /// All coming appointments of the school before the import. A push does not count them.
    pub appointments_coming: u64,
}

impl Changes {
    /// Adds the changes of another school.
    pub fn join(&mut self, other: &Self) {
        self.people.join(other.people);
        for (role, counts) in &other.people_by_role {
            self.people_by_role.entry(role.clone()).or_default().join(*counts);
        }
        self.guardianships.join(other.guardianships);
        self.classes.join(other.classes);
        self.enrolments.join(other.enrolments);
        self.access_withdrawn += other.access_withdrawn;
        self.appointments_ended += other.appointments_ended;
        self.appointments_stranded += other.appointments_stranded;
        self.appointments_coming += other.appointments_coming;
    }

    /// A one-sentence summary for the audit log.
    fn summary(&self) -> String {
        let kinds = [
            ("people", self.people),
            ("guardianships", self.guardianships),
            ("classes", self.classes),
            ("enrolments", self.enrolments),
        ];
        let touched = kinds
            .into_iter()
            .filter(|(_, counts)| counts.added + counts.changed + counts.removed > 0);
        let words = touched.map(|(kind, counts)| {
            format!(
                "{kind} {} added, {} changed, {} removed",
                counts.added, counts.changed, counts.removed
            )
        });
        format!("Pushed a roster: {}.", words.collect::<Vec<_>>().join("; "))
    }
}

/// Reads the school's rows and computes the changes that a roster makes. Read-only.
///
/// # Errors
/// [`Error::NotFound`] when a delta names a school that does not exist; when the database fails.
pub fn plan(db: &mut Db, school: &School, source: &Source) -> Result<Plan> {
    let seen = import_version(db, &school.sourced_id)?;
    plan_since(db, school, source, seen, None)
}

/// As [`plan()`], for a roster that was built from the database's state at this import version. For
/// a push, only rows related to the named ones are loaded.
///
/// # Errors
/// The errors of [`plan()`].
pub fn plan_since(
    db: &mut Db,
    school: &School,
    source: &Source,
    ImportVersion(seen): ImportVersion,
    only: Option<&PushedIds>,
) -> Result<Plan> {
    let known = schools::table
        .filter(schools::sourced_id.eq(&school.sourced_id))
        .select(SchoolRow::as_select())
        .first(db)
        .optional()?;
    let slugs =
        if known.is_none() { schools::table.select(schools::slug).load(db)? } else { Vec::new() };
    let id = known.as_ref().map_or_else(|| source.ctx.new_id(), |row| row.id);
    // Rows missing from a complete roster are gone, so all rows must be compared.
    let Coverage { orgs: _, people, guardianships, classes, enrolments } = source.coverage;
    let only = only.filter(|_| ![people, guardianships, classes, enrolments].contains(&Mode::Bulk));
    let existing = match only {
        Some(names) => load::around(db, id, names)?,
        None => load::all(db, id)?,
    };
    let row =
        desired::school_row(known.as_ref(), id, school, &slugs, source).ok_or(Error::NotFound)?;
    let mut plan = Plan::new(row, known.as_ref(), seen, existing, school, source);
    stranded_bookings::predict(db, &mut plan)?;
    ended_bookings::predict(db, &mut plan)?;
    Ok(plan)
}

/// Writes a plan, inside one transaction. Returns false, and writes nothing, when another import
/// has written since the plan was made or the school belongs to another source.
///
/// # Errors
/// Errors of the database.
pub fn apply(db: &mut Db, plan: &Plan) -> Result<bool> {
    if plan.is_empty() {
        return bind(db, plan);
    }
    if !claim_version(db, plan)? {
        return Ok(false);
    }
    lock_contacts(db, plan)?;
    let (stranded_before, live_before) =
        (stranded_bookings::stranded_before(db, plan)?, endings::live(db, plan)?);
    write::school(db, &plan.school)?;
    if !bind(db, plan)? {
        // Another source has been bound to the school since the check.
        return Err(Error::Busy);
    }
    for chunk in plan.people.chunks(ROWS) {
        write::people(db, chunk)?;
    }
    for chunk in plan.guardianships.chunks(ROWS) {
        write::guardianships(db, chunk)?;
    }
    for chunk in plan.classes.chunks(ROWS) {
        write::classes(db, chunk)?;
    }
    for chunk in plan.enrolments.chunks(ROWS) {
        write::enrolments(db, chunk)?;
    }
    stranded_bookings::lock_evenings(db, plan)?;
    let mut is_alerted = revoke(db, plan)?;
    is_alerted |= stranded_bookings::alert_staff(db, plan, &stranded_before, is_alerted)?;
    let school = SchoolId::from(plan.school.id);
    if endings::record(db, plan, &live_before)? || is_alerted {
        alert_once(db, plan, is_alerted, how_to_restore(plan))?;
        is_alerted = true;
    }
    staff::notify_old_addresses(db, plan)?;
    if let Some(summary) = plan.staff.summary() {
        alert_once(db, plan, is_alerted, summary)?;
    }
    if let Some(actor) = &plan.pushed_by {
        let summary = plan.changes.summary();
        events::record_for_school(db, &plan.ctx, school, actor, "roster_pushed", summary)?;
    }
    webhooks::enqueue(db, &plan.ctx, school, &[WebhookEvent::roster(school)])?;
    Ok(true)
}

/// Alerts staff of something that the plan did. If an alert mail is already queued, only the event
/// is recorded: that mail lists all events of its moment.
fn alert_once(db: &mut Db, plan: &Plan, is_alerted: bool, summary: String) -> Result<()> {
    let (school, by_itself) = (SchoolId::from(plan.school.id), Actor::school());
    let actor = plan.pushed_by.as_ref().unwrap_or(&by_itself);
    if is_alerted {
        return events::record_for_school(db, &plan.ctx, school, actor, "staff_alerted", summary);
    }
    staff_alerts::alert(db, &plan.ctx, school, actor, "staff_alerted", &summary)
}

fn how_to_restore(plan: &Plan) -> String {
    let days = RESTORABLE_FOR.num_days();
    format!(
        "The import was {}. If its data were wrong, what it ended can be brought back within \
         {days} days: parlour roster restore {}",
        plan.turn, plan.turn
    )
}

fn bind(db: &mut Db, plan: &Plan) -> Result<bool> {
    let school = SchoolId::from(plan.school.id);
    plan.writer.as_ref().map_or(Ok(true), |writer| {
        source_schools::bind(db, &plan.ctx, school, &plan.school.sourced_id, writer)
    })
}

/// The id of a school's last import. The next import compares it to detect that another import has
/// written in between.
#[derive(Clone, Debug)]
pub struct ImportVersion(Option<String>);

/// Reads the import version. All data of a plan must be read after it.
///
/// # Errors
/// Errors of the database.
pub fn import_version(db: &mut Db, sourced_id: &str) -> Result<ImportVersion> {
    Ok(ImportVersion(
        marks::table
            .find(metadata_key(sourced_id))
            .select(marks::value)
            .first::<String>(db)
            .optional()?,
    ))
}

/// The mark that holds a school's import version.
fn metadata_key(sourced_id: &str) -> String {
    format!("roster:{sourced_id}")
}

/// Ensures, by a conditional write whose row count decides, that no import has written since the
/// plan was made.
fn claim_version(db: &mut Db, plan: &Plan) -> Result<bool> {
    let (name, turn) = (metadata_key(&plan.school.sourced_id), plan.turn.to_string());
    locks::will_write(LockRank::RosterTurn, &name);
    let written = match &plan.seen {
        Some(seen) => diesel::update(marks::table.find(&name).filter(marks::value.eq(seen)))
            .set(marks::value.eq(&turn))
            .execute(db)?,
        None => with_conn!(db, conn =>
            diesel::insert_into(marks::table)
                .values((marks::name.eq(&name), marks::value.eq(&turn)))
                .on_conflict_do_nothing()
                .execute(conn)
        )?,
    };
    Ok(written == 1)
}

/// Locks all people from whom the plan may take access, so that a concurrent booking or invite is
/// decided either before or after the import.
fn lock_contacts(db: &mut Db, plan: &Plan) -> Result<()> {
    if !plan.losses.sweep {
        return Ok(());
    }
    let losses = &plan.losses;
    let addresses: Vec<Key> = losses.addresses.iter().copied().collect();
    let mut students = losses.students.clone();
    for chunk in addresses.chunks(ROWS) {
        let of_addresses = guardianships::table
            .filter(in_ids(guardianships::parent_id, chunk.iter().copied()))
            .select(guardianships::student_id);
        students.extend(of_addresses.load::<Key>(db)?);
    }
    let students: Vec<Key> = students.into_iter().collect();
    let mut contacts = losses.log_out.clone();
    for chunk in students.chunks(ROWS) {
        let of_students = guardianships::table
            .filter(in_ids(guardianships::student_id, chunk.iter().copied()))
            .select(guardianships::parent_id);
        contacts.extend(of_students.load::<Key>(db)?);
    }
    locks::lock_rows(db, LockRank::Person, contacts)
}

/// Revokes the access that the plan takes, in the same transaction. Returns whether staff were
/// alerted.
fn revoke(db: &mut Db, plan: &Plan) -> Result<bool> {
    let people: Vec<PersonId> =
        plan.losses.log_out.iter().map(|person| PersonId::from(*person)).collect();
    let mut revocation = Revocation::default();
    revocation.log_out(db, &plan.ctx, &people)?;
    let school = SchoolId::from(plan.school.id);
    let is_alerted = plan.losses.sweep
        && revocation.sweep(db, &plan.ctx, school, &Actor::school())? != Revoked::default();
    revocation.finish(db, &plan.ctx)?;
    Ok(is_alerted)
}
