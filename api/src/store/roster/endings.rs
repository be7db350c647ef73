//! Record of what an import ends, written in the import's transaction, so that it can be restored.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use diesel::prelude::*;
use parlour_domain::restoration::RESTORABLE_FOR;
use serde::{Deserialize, Serialize};

use super::{
    ROWS,
    access_losses::is_allowed,
    compare::{Difference, Outcome, RowResult},
    plan::Plan,
    rows::{ClassRow, EnrolmentRow, GuardianshipRow, PersonRow, Row},
};
use crate::{
    schema::{bookings, guardianships, invite_students, invites, roster_endings, roster_imports},
    store::{
        Db, Result, access, contacts,
        sql_types::{At, Key, at},
    },
    with_conn,
};

/// For how long the record of an import is kept.
const KEPT: TimeDelta = TimeDelta::days(90);

/// A person's roles before an import, and the role names after it. The staff role is not included,
/// because only a roster makes people staff.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct OldRoles {
    pub names: String,
    pub names_after: String,
    pub student: bool,
    pub teacher: bool,
    pub parent: bool,
}

/// One thing that an import ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Ended {
    kind: &'static str,
    subject: Key,
    /// True if a bar ends it; then it is never restored.
    barred: bool,
    before: Option<String>,
}

impl Ended {
    /// Derives them from the difference.
    pub(super) fn of(
        people: &Difference<PersonRow>,
        guardianships: &Difference<GuardianshipRow>,
        classes: &Difference<ClassRow>,
        enrolments: &Difference<EnrolmentRow>,
    ) -> Vec<Self> {
        let mut all = removed("person", people, |row| row.id);
        all.extend(people.values().filter_map(roles));
        all.extend(removed("class", classes, |row| row.id));
        all.extend(removed("guardianship", guardianships, |row| row.id));
        all.extend(guardianships.values().filter_map(contact));
        all.extend(removed("enrolment", enrolments, |row| row.id));
        all
    }
}

fn removed<R: Row>(
    kind: &'static str,
    difference: &Difference<R>,
    id: impl Fn(&R) -> Key,
) -> Vec<Ended> {
    let gone = difference.values().filter(|outcome| outcome.result == RowResult::Removed);
    gone.map(|outcome| Ended { kind, subject: id(&outcome.row), barred: false, before: None })
        .collect()
}

/// A person who stays but loses a role.
fn roles(outcome: &Outcome<PersonRow>) -> Option<Ended> {
    let (before, row) =
        (outcome.before.as_ref().filter(|_| outcome.result == RowResult::Changed)?, &outcome.row);
    let lost = (before.is_student && !row.is_student)
        || (before.is_teacher && !row.is_teacher)
        || (before.is_parent && !row.is_parent);
    let old = OldRoles {
        names: before.source_role.clone(),
        names_after: row.source_role.clone(),
        student: before.is_student,
        teacher: before.is_teacher,
        parent: before.is_parent,
    };
    lost.then(|| Ended {
        kind: "roles",
        subject: row.id,
        barred: false,
        before: serde_json::to_string(&old).ok(),
    })
}

/// A link that stays but is no longer allowed.
fn contact(outcome: &Outcome<GuardianshipRow>) -> Option<Ended> {
    let (before, row) =
        (outcome.before.as_ref().filter(|_| outcome.result == RowResult::Changed)?, &outcome.row);
    let fell = is_allowed(before) && !is_allowed(row);
    fell.then_some(Ended {
        kind: "contact",
        subject: row.id,
        barred: row.contact_barred || row.court_order,
        before: None,
    })
}

/// The live appointments and invites before an import.
#[derive(Default)]
pub(super) struct LiveBefore {
    bookings: BTreeSet<Key>,
    invites: BTreeSet<Key>,
}

/// Loads them if the import may end any.
pub(super) fn live(db: &mut Db, plan: &Plan) -> Result<LiveBefore> {
    if !plan.losses.sweep {
        return Ok(LiveBefore::default());
    }
    let school = plan.school.id;
    let to_come = bookings::table.filter(
        bookings::school_id
            .eq(school)
            .and(bookings::cancelled_at.is_null())
            .and(bookings::ends_at.gt(at(plan.ctx.now))),
    );
    let bookings: Vec<Key> = to_come.select(bookings::id).load(db)?;
    let invites: Vec<Key> = invites::table
        .filter(invites::school_id.eq(school).and(invites::ended_at.is_null()))
        .select(invites::id)
        .load(db)?;
    Ok(LiveBefore {
        bookings: bookings.into_iter().collect(),
        invites: invites.into_iter().collect(),
    })
}

/// Records an import and what it ended. Returns whether it ended appointments or invites.
pub(super) fn record(db: &mut Db, plan: &Plan, before: &LiveBefore) -> Result<bool> {
    purge_expired(db, plan)?;
    let import = Key::from(plan.turn);
    let row = (
        roster_imports::id.eq(import),
        roster_imports::school_id.eq(plan.school.id),
        roster_imports::kind.eq(plan.origin.kind.as_str()),
        roster_imports::name.eq(&plan.origin.name),
        roster_imports::created_at.eq(at(plan.ctx.now)),
    );
    with_conn!(db, conn => diesel::insert_into(roster_imports::table).values(row).execute(conn))?;
    let mut fallen = ended_bookings(db, plan, before)?;
    fallen.extend(ended_invites(db, plan, before)?);
    let any_fell = !fallen.is_empty();
    let all: Vec<Ended> = plan.ended.iter().cloned().chain(fallen).collect();
    for chunk in all.chunks(ROWS) {
        let rows: Vec<_> = chunk
            .iter()
            .map(|ended| {
                (
                    roster_endings::import_id.eq(import),
                    roster_endings::kind.eq(ended.kind),
                    roster_endings::subject_id.eq(ended.subject),
                    roster_endings::school_id.eq(plan.school.id),
                    roster_endings::barred.eq(ended.barred),
                    roster_endings::before.eq(ended.before.clone()),
                )
            })
            .collect();
        with_conn!(db, conn =>
            diesel::insert_into(roster_endings::table).values(rows).execute(conn)
        )?;
    }
    Ok(any_fell)
}

/// Deletes endings that can no longer be restored, and old imports.
fn purge_expired(db: &mut Db, plan: &Plan) -> Result<()> {
    let (school, now) = (plan.school.id, plan.ctx.now);
    let older = |than: TimeDelta| {
        roster_imports::table.filter(
            roster_imports::school_id.eq(school).and(roster_imports::created_at.lt(at(now - than))),
        )
    };
    diesel::delete(roster_endings::table.filter(
        roster_endings::import_id.eq_any(older(RESTORABLE_FOR).select(roster_imports::id)),
    ))
    .execute(db)?;
    diesel::delete(older(KEPT)).execute(db)?;
    Ok(())
}

fn ended_bookings(db: &mut Db, plan: &Plan, before: &LiveBefore) -> Result<Vec<Ended>> {
    if before.bookings.is_empty() {
        return Ok(Vec::new());
    }
    let ended = bookings::table.filter(
        bookings::school_id
            .eq(plan.school.id)
            .and(bookings::cancelled_at.eq(Some(at(plan.ctx.now)))),
    );
    let ended: Vec<(Key, Key, Key)> =
        ended.select((bookings::id, bookings::parent_id, bookings::student_id)).load(db)?;
    let mut all = Vec::new();
    for (subject, parent, student) in
        ended.into_iter().filter(|(id, ..)| before.bookings.contains(id))
    {
        all.push(Ended {
            kind: "booking",
            subject,
            barred: is_barred(db, parent, student)?,
            before: None,
        });
    }
    Ok(all)
}

fn ended_invites(db: &mut Db, plan: &Plan, before: &LiveBefore) -> Result<Vec<Ended>> {
    if before.invites.is_empty() {
        return Ok(Vec::new());
    }
    let now: At = at(plan.ctx.now);
    let ended = invites::table.filter(
        invites::school_id
            .eq(plan.school.id)
            .and(invites::ended_at.eq(Some(now)))
            .and(invites::ended_reason.eq("access_ended")),
    );
    let ended: Vec<(Key, Key, String)> =
        ended.select((invites::id, invites::parent_id, invites::bar_key)).load(db)?;
    let mut all = Vec::new();
    for (subject, parent, bar_key) in
        ended.into_iter().filter(|(id, ..)| before.invites.contains(id))
    {
        let students: Vec<Key> = invite_students::table
            .filter(invite_students::invite_id.eq(subject))
            .select(invite_students::student_id)
            .load(db)?;
        let mut barred =
            !access::students_barred_for_address(db, plan.school.id.into(), &students, &bar_key)?
                .is_empty();
        for student in students {
            barred |= is_barred(db, parent, student)?;
        }
        all.push(Ended { kind: "invite", subject, barred, before: None });
    }
    Ok(all)
}

/// Returns whether the roster or staff bar the parent from the student.
fn is_barred(db: &mut Db, parent: Key, student: Key) -> Result<bool> {
    let by_roster: i64 = guardianships::table
        .filter(
            guardianships::parent_id
                .eq(parent)
                .and(guardianships::student_id.eq(student))
                .and(guardianships::removed_at.is_null()),
        )
        .filter(contacts::is_kept_away())
        .count()
        .get_result(db)?;
    Ok(by_roster > 0
        || !access::students_barred_for_parent(db, parent.into(), &[student])?.is_empty())
}
