//! Brings a school's rows to what a roster says: compares outside of the write transaction, then
//! writes the difference in one.
//!
//! Rows are never deleted: what is gone gets `removed_at`. Bars set by hand are not touched.
//! Whoever loses access by the difference loses it in the same transaction ([`Revocation`]).

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
    events::{self, Actor, NewEvent},
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

/// Rows written by one statement; 16 columns of them stay under SQLite's bound of parameters.
const ROWS: usize = 500;

/// What an import starts from, beside the school itself.
#[derive(Clone)]
pub struct Source {
    /// How much of each kind the roster holds.
    pub coverage: Coverage,
    /// What the roster says is gone.
    pub removed: Arc<Removed>,
    /// What stands in rows of the roster that can't be used.
    pub unread: Arc<Unread>,
    /// The time of the import, and new ids.
    pub ctx: Context,
    /// The time zone of a school that is new.
    pub time_zone: String,
    /// Where it comes from, as the rows keep it for each value.
    pub origin: Origin,
    /// The source that it was fetched from, if it was.
    pub writer: Option<SyncSource>,
    /// Who pushed it, for the audit log; none for an import, which the school's systems began.
    pub pushed_by: Option<Actor>,
}

/// How many rows of a kind an import adds, changes, removes and leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// New, or back after having been removed.
    pub added: u64,
    /// There before, with other values.
    pub changed: u64,
    /// Marked as removed.
    pub removed: u64,
    /// As they were.
    pub unchanged: u64,
}

/// What an import does, by kind.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Changes {
    /// All people.
    pub people: Counts,
    /// People by the names of their roles.
    pub people_by_role: BTreeMap<String, Counts>,
    /// Links of parents and students.
    pub guardianships: Counts,
    /// Classes.
    pub classes: Counts,
    /// Students and teachers of classes.
    pub enrolments: Counts,
    /// Links that were allowed before and are not any more.
    pub access_withdrawn: u64,
    /// Appointments to come that end by it, since a parent or student goes or loses contact. Not
    /// counted of a push.
    pub appointments_ended: u64,
    /// Appointments to come that are stranded by it: they stay, and their class, or a place of
    /// theirs in it, is gone.
    pub appointments_stranded: u64,
    /// All appointments to come of the school before the import. Not counted of a push.
    pub appointments_coming: u64,
}

impl Changes {
    /// Adds another school's.
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

    /// In one sentence, for the audit log.
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

/// Reads the school's rows and finds out what a roster changes. Writes nothing.
///
/// # Errors
/// [`Error::NotFound`] when a delta speaks of a school that is not there; what the database says.
pub fn plan(db: &mut Db, school: &School, source: &Source) -> Result<Plan> {
    let seen = import_version(db, &school.sourced_id)?;
    plan_since(db, school, source, seen, None)
}

/// As [`plan()`], for a roster that was made by what the database said after this turn; of a push
/// only what hangs together with what it names is looked at.
///
/// # Errors
/// As [`plan()`].
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
    // What is missing from a roster of everything is gone, so that all must be looked at.
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

/// Writes a plan, inside one transaction. Answers false, and writes nothing, when another import
/// has come between.
///
/// # Errors
/// What the database says.
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
        // Another source has taken the school since somebody looked.
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
        events::record(
            db,
            &plan.ctx,
            &NewEvent {
                school,
                evening: None,
                parent: None,
                student: None,
                action: "roster_pushed",
                summary,
                actor,
            },
        )?;
    }
    webhooks::enqueue(db, &plan.ctx, school, &[WebhookEvent::roster(school)])?;
    Ok(true)
}

/// Tells staff of something that the plan has done. A letter that is on its way lists all that is
/// recorded at its moment.
fn alert_once(db: &mut Db, plan: &Plan, is_alerted: bool, summary: String) -> Result<()> {
    let (school, by_itself) = (SchoolId::from(plan.school.id), Actor::school());
    let actor = plan.pushed_by.as_ref().unwrap_or(&by_itself);
    if is_alerted {
        return events::record(
            db,
            &plan.ctx,
            &NewEvent {
                school,
                evening: None,
                parent: None,
                student: None,
                action: "staff_alerted",
                summary,
                actor,
            },
        );
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

/// What the last import of a school left behind, by which the next one finds out that none has come
/// between.
#[derive(Clone, Debug)]
pub struct ImportVersion(Option<String>);

/// Reads the turn. Whatever a plan rests on is read after it.
///
/// # Errors
/// When the database fails.
pub fn import_version(db: &mut Db, sourced_id: &str) -> Result<ImportVersion> {
    Ok(ImportVersion(
        marks::table
            .find(metadata_key(sourced_id))
            .select(marks::value)
            .first::<String>(db)
            .optional()?,
    ))
}

/// The name under which a school's imports take turns.
fn metadata_key(sourced_id: &str) -> String {
    format!("roster:{sourced_id}")
}

/// Makes sure that no import has written since the plan was made, by a conditional write whose row
/// count decides.
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

/// Locks everybody from whom the plan may take something, so that a booking or an invite under way
/// is decided before or after it, never beside it.
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

/// Takes away what the difference takes away, in the same transaction. Whether staff are told of
/// it.
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
