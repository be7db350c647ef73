//! Restoring what one import ended, in one transaction; a dry run writes the same and rolls it
//! back. Nothing is restored automatically, and nothing is restored against a bar.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use diesel::{dsl::count_star, prelude::*};
use parlour_domain::{
    Refusal,
    id::{EveningId, InviteId, PersonId, SchoolId},
    restoration::{NotRestored, is_restorable},
};
use uuid::Uuid;

use super::{desired::role_name, endings::OldRoles, metadata_key};
use crate::{
    context::Context,
    schema::{
        bookings as bookings_table, classes, enrolments, guardianships, invites as invites_table,
        marks, people, roster_endings, roster_imports, schools,
    },
    store::{
        Db, Error, Result, bookings, evenings,
        events::{self, Actor},
        in_ids::in_ids,
        invites,
        locks::{self, LockRank, lock_for_share, lock_row, lock_rows},
        people as persons,
        sql_types::{At, Key, at, key},
        webhooks::{self, WebhookEvent},
    },
    with_conn,
};

/// An import in the list of a school's imports.
#[derive(Clone, Debug)]
pub struct ImportRow {
    /// Its id.
    pub id: Uuid,
    /// The kind of its source.
    pub kind: String,
    /// The name of its source.
    pub name: String,
    /// Time when it was written.
    pub at: DateTime<Utc>,
    /// Time when something of it was last restored.
    pub restored_at: Option<DateTime<Utc>>,
    /// Number of things of each kind it ended.
    pub ended: BTreeMap<String, u64>,
}

/// Loads the imports of a school, newest first, starting after the import `after` if given. Loads
/// up to `limit` + 1 imports; the extra one shows that there is a next page.
///
/// # Errors
/// [`Error::BadCursor`] when `after` is not an import of the school.
pub fn imports(
    db: &mut Db,
    school: SchoolId,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ImportRow>> {
    type Columns = (Key, String, String, At, Option<At>);
    let columns = (
        roster_imports::id,
        roster_imports::kind,
        roster_imports::name,
        roster_imports::created_at,
        roster_imports::restored_at,
    );
    let mut all =
        roster_imports::table.filter(roster_imports::school_id.eq(key(school))).into_boxed();
    if let Some(after) = after {
        let known = roster_imports::table.filter(
            roster_imports::id.eq(Key(after)).and(roster_imports::school_id.eq(key(school))),
        );
        let time: Option<At> = known.select(roster_imports::created_at).first(db).optional()?;
        let time = time.ok_or(Error::BadCursor)?;
        all = all.filter(
            roster_imports::created_at
                .lt(time)
                .or(roster_imports::created_at.eq(time).and(roster_imports::id.lt(Key(after)))),
        );
    }
    let rows: Vec<Columns> = all
        .order((roster_imports::created_at.desc(), roster_imports::id.desc()))
        .limit(limit + 1)
        .select(columns)
        .load(db)?;
    let counts: Vec<(Key, String, i64)> = roster_endings::table
        .filter(in_ids(roster_endings::import_id, rows.iter().map(|(id, ..)| *id)))
        .group_by((roster_endings::import_id, roster_endings::kind))
        .select((roster_endings::import_id, roster_endings::kind, count_star()))
        .load(db)?;
    let mut ended: BTreeMap<Key, BTreeMap<String, u64>> = BTreeMap::new();
    for (import, kind, count) in counts {
        ended.entry(import).or_default().insert(kind, u64::try_from(count).unwrap_or_default());
    }
    let told = rows.into_iter().map(|(id, kind, name, created_at, restored_at)| ImportRow {
        id: id.into(),
        kind,
        name,
        at: created_at.0,
        restored_at: restored_at.map(|at| at.0),
        ended: ended.remove(&id).unwrap_or_default(),
    });
    Ok(told.collect())
}

/// The school of an import.
///
/// # Errors
/// [`Error::NotFound`] when there is no such import.
pub fn school_of(db: &mut Db, import: Uuid) -> Result<SchoolId> {
    let school: Key =
        roster_imports::table.find(Key(import)).select(roster_imports::school_id).first(db)?;
    Ok(school.into())
}

/// One thing that an import ended, and whether it was restored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RestoredItem {
    /// `person`, `roles`, `class`, `guardianship`, `contact`, `enrolment`, `booking` or `invite`.
    pub kind: String,
    /// Its description for people.
    pub what: String,
    /// Why it was not restored; `None` when it was.
    pub reason: Option<NotRestored>,
}

/// The result of restoring what an import ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Restored {
    /// The import's id.
    pub import: Uuid,
    /// True if nothing was written.
    pub dry_run: bool,
    /// One item for each thing that the import ended.
    pub items: Vec<RestoredItem>,
}

/// The row of one thing that an import ended.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = roster_endings)]
#[expect(missing_docs, reason = "the migration documents the columns")]
pub struct Ending {
    pub kind: String,
    pub subject_id: Key,
    pub barred: bool,
    pub before: Option<String>,
}

/// Restores what an import ended, as far as possible, and notifies the people concerned.
///
/// # Errors
/// [`Error::NotFound`] when the school has no such import, [`Refusal::ImportTooOld`] after two
/// weeks, or when the database fails.
pub fn restore(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    import: Uuid,
    actor: &Actor,
    dry_run: bool,
) -> Result<Restored> {
    if !dry_run {
        return write(db, ctx, school, import, actor);
    }
    let mut found = None;
    let undone: Result<()> = locks::savepoint(db, |db| {
        found = Some(write(db, ctx, school, import, actor)?);
        Err(Error::Changed)
    });
    match (found, undone) {
        (Some(restored), _) => Ok(Restored { dry_run: true, ..restored }),
        (None, Err(error)) => Err(error),
        (None, Ok(())) => Err(Error::Internal),
    }
}

fn write(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    import: Uuid,
    actor: &Actor,
) -> Result<Restored> {
    let row = roster_imports::table
        .filter(roster_imports::id.eq(Key(import)).and(roster_imports::school_id.eq(key(school))));
    let ended_at: At = row.select(roster_imports::created_at).first(db)?;
    if !is_restorable(*ended_at, ctx.now) {
        return Err(Refusal::ImportTooOld.into());
    }
    claim_version(db, ctx, school)?;
    let of_import = roster_endings::table.filter(roster_endings::import_id.eq(Key(import)));
    let endings: Vec<Ending> = of_import
        .order((roster_endings::kind, roster_endings::subject_id))
        .select(Ending::as_select())
        .load(db)?;
    lock_all(db, &endings)?;
    let mut work = RestoreJob { ctx, ended_at, actor, items: Vec::new(), told: BTreeMap::new() };
    // Each kind depends on the kinds before it.
    for kind in
        ["person", "roles", "class", "guardianship", "contact", "enrolment", "booking", "invite"]
    {
        for ending in endings.iter().filter(|ending| ending.kind == kind) {
            work.restore_one(db, ending)?;
        }
    }
    work.notify(db, school)?;
    let items = work.items;
    let restored = items.iter().filter(|item| item.reason.is_none()).count();
    if restored > 0 {
        diesel::update(row).set(roster_imports::restored_at.eq(Some(at(ctx.now)))).execute(db)?;
        let summary = format!(
            "Brought back what the import {import} had ended: {restored} of {}.",
            items.len()
        );
        events::record_for_school(db, ctx, school, actor, "roster_restored", summary)?;
        webhooks::enqueue(db, ctx, school, &[WebhookEvent::roster(school)])?;
    }
    Ok(Restored { import, dry_run: false, items })
}

/// Sets a new import version, which makes the plan of a running import stale; the import plans
/// again.
fn claim_version(db: &mut Db, ctx: &Context, school: SchoolId) -> Result<()> {
    let sourced_id: String =
        schools::table.find(key(school)).select(schools::sourced_id).first(db)?;
    let turn = ctx.new_id::<Uuid>().to_string();
    locks::will_write(LockRank::RosterTurn, &sourced_id);
    let row = (marks::name.eq(metadata_key(&sourced_id)), marks::value.eq(&turn));
    with_conn!(db, conn =>
        diesel::insert_into(marks::table)
            .values(row)
            .on_conflict(marks::name)
            .do_update()
            .set(marks::value.eq(&turn))
            .execute(conn)
    )?;
    Ok(())
}

/// Locks everything that may be restored before anything is written: the parents, the bookings with
/// their evenings, and the invites.
fn lock_all(db: &mut Db, endings: &[Ending]) -> Result<()> {
    let of = |kind: &str| -> BTreeSet<Key> {
        endings
            .iter()
            .filter(|ending| ending.kind == kind)
            .map(|ending| ending.subject_id)
            .collect()
    };
    let (bookings, invites) = (of("booking"), of("invite"));
    let booked: Vec<(Key, Key)> = bookings_table::table
        .filter(bookings_table::id.eq_any(bookings.clone()))
        .select((bookings_table::parent_id, bookings_table::evening_id))
        .load(db)?;
    let inviting: Vec<Key> = invites_table::table
        .filter(invites_table::id.eq_any(invites.clone()))
        .select(invites_table::parent_id)
        .load(db)?;
    let parents = booked.iter().map(|(parent, _)| *parent).chain(inviting);
    lock_rows(db, LockRank::Person, parents)?;
    lock_rows(db, LockRank::Booking, bookings)?;
    let evenings: BTreeSet<Key> = booked.iter().map(|(_, evening)| *evening).collect();
    for evening in evenings {
        lock_for_share(db, LockRank::Evening, evening)?;
    }
    for invite in invites {
        lock_row(db, LockRank::Invite, invite)?;
    }
    Ok(())
}

/// Notifications by evening and parent: the students whose appointments are restored, and the
/// invites whose links work again.
type NotificationsByEvening = BTreeMap<(Key, Key), (BTreeSet<PersonId>, BTreeSet<InviteId>)>;

struct RestoreJob<'w> {
    ctx: &'w Context,
    ended_at: At,
    actor: &'w Actor,
    items: Vec<RestoredItem>,
    told: NotificationsByEvening,
}

type Outcome = std::result::Result<(), NotRestored>;

impl RestoreJob<'_> {
    fn restore_one(&mut self, db: &mut Db, ending: &Ending) -> Result<()> {
        let what = describe(db, ending)?;
        let outcome =
            if ending.barred { Err(NotRestored::Barred) } else { self.restore_ending(db, ending)? };
        self.items.push(RestoredItem { kind: ending.kind.clone(), what, reason: outcome.err() });
        Ok(())
    }

    fn restore_ending(&mut self, db: &mut Db, ending: &Ending) -> Result<Outcome> {
        let (id, ended_at) = (ending.subject_id, self.ended_at);
        match ending.kind.as_str() {
            "person" => {
                let removed_at: Option<At> =
                    people::table.find(id).select(people::removed_at).first(db)?;
                let written = diesel::update(
                    people::table
                        .filter(people::id.eq(id).and(people::removed_at.eq(Some(ended_at)))),
                );
                // Only a roster makes people staff, since its import alerts the administrators.
                let written = written
                    .set((people::removed_at.eq(None::<At>), people::is_staff.eq(false)))
                    .execute(db)?;
                Ok(restore_outcome(written, removed_at))
            }
            "class" => {
                let removed_at: Option<At> =
                    classes::table.find(id).select(classes::removed_at).first(db)?;
                let written = diesel::update(
                    classes::table
                        .filter(classes::id.eq(id).and(classes::removed_at.eq(Some(ended_at)))),
                );
                let written = written.set(classes::removed_at.eq(None::<At>)).execute(db)?;
                Ok(restore_outcome(written, removed_at))
            }
            "roles" => roles(db, ending),
            "guardianship" => {
                let (parent, student, removed_at): (Key, Key, Option<At>) = guardianships::table
                    .find(id)
                    .select((
                        guardianships::parent_id,
                        guardianships::student_id,
                        guardianships::removed_at,
                    ))
                    .first(db)?;
                if removed_at == Some(ended_at) && !all_exist(db, &[parent, student])? {
                    return Ok(Err(NotRestored::NotThere));
                }
                let written = diesel::update(guardianships::table.filter(
                    guardianships::id.eq(id).and(guardianships::removed_at.eq(Some(ended_at))),
                ));
                let written = written.set(guardianships::removed_at.eq(None::<At>)).execute(db)?;
                if written == 1 {
                    diesel::update(people::table.find(parent))
                        .set(people::is_parent.eq(true))
                        .execute(db)?;
                }
                Ok(restore_outcome(written, removed_at))
            }
            "contact" => contact(db, id),
            "enrolment" => enrolment(db, id, ended_at),
            "booking" => Ok(match bookings::restore(db, self.ctx, id, ended_at, self.actor)? {
                Ok(row) => {
                    self.told
                        .entry((row.evening_id, row.parent_id))
                        .or_default()
                        .0
                        .insert(row.student_id.into());
                    Ok(())
                }
                Err(reason) => Err(reason),
            }),
            _ => Ok(match invites::restore(db, self.ctx, id, ended_at, self.actor)? {
                Ok(row) => {
                    self.told
                        .entry((row.evening_id, row.parent_id))
                        .or_default()
                        .1
                        .insert(row.id.into());
                    Ok(())
                }
                Err(reason) => Err(reason),
            }),
        }
    }

    fn notify(&self, db: &mut Db, school: SchoolId) -> Result<()> {
        for ((evening, parent), (students, invited)) in &self.told {
            let evening = evenings::find(db, school, EveningId::from(*evening))?;
            bookings::notify_restored(db, self.ctx, &evening, (*parent).into(), students, invited)?;
        }
        Ok(())
    }
}

const fn restore_outcome(written: usize, removed_at: Option<At>) -> Outcome {
    match (written, removed_at) {
        (0, None) => Err(NotRestored::AlreadyThere),
        (0, Some(_)) => Err(NotRestored::EndedAgain),
        _ => Ok(()),
    }
}

fn all_exist(db: &mut Db, ids: &[Key]) -> Result<bool> {
    let there: i64 = people::table
        .filter(people::id.eq_any(ids.to_vec()).and(people::removed_at.is_null()))
        .count()
        .get_result(db)?;
    Ok(usize::try_from(there) == Ok(ids.len()))
}

/// Restores the roles that a person had, except for staff: only a roster makes people staff.
fn roles(db: &mut Db, ending: &Ending) -> Result<Outcome> {
    let Some(old) =
        ending.before.as_deref().and_then(|text| serde_json::from_str::<OldRoles>(text).ok())
    else {
        return Ok(Err(NotRestored::EndedAgain));
    };
    let columns = (
        people::removed_at,
        people::source_role,
        people::is_student,
        people::is_teacher,
        people::is_parent,
    );
    let (removed_at, names, student, teacher, parent): (Option<At>, String, bool, bool, bool) =
        people::table.find(ending.subject_id).select(columns).first(db)?;
    if removed_at.is_some() {
        return Ok(Err(NotRestored::NotThere));
    }
    let is_back = (student || !old.student) && (teacher || !old.teacher) && (parent || !old.parent);
    if is_back && names != old.names_after {
        return Ok(Err(NotRestored::AlreadyThere));
    }
    if names != old.names_after {
        return Ok(Err(NotRestored::EndedAgain));
    }
    if is_back && names == old.names {
        return Ok(Err(NotRestored::AlreadyThere));
    }
    let flags = (
        people::is_student.eq(student || old.student),
        people::is_teacher.eq(teacher || old.teacher),
        people::is_parent.eq(parent || old.parent),
    );
    diesel::update(people::table.find(ending.subject_id))
        .set((flags, people::source_role.eq(old.names)))
        .execute(db)?;
    Ok(Ok(()))
}

fn contact(db: &mut Db, id: Key) -> Result<Outcome> {
    type Columns = (Option<At>, bool, bool, bool);
    let columns = (
        guardianships::removed_at,
        guardianships::contact_allowed,
        guardianships::contact_barred,
        guardianships::court_order,
    );
    let (removed_at, allowed, barred, court_order): Columns =
        guardianships::table.find(id).select(columns).first(db)?;
    if removed_at.is_some() {
        return Ok(Err(NotRestored::EndedAgain));
    }
    if barred || court_order {
        return Ok(Err(NotRestored::Barred));
    }
    if allowed {
        return Ok(Err(NotRestored::AlreadyThere));
    }
    diesel::update(guardianships::table.find(id))
        .set(guardianships::contact_allowed.eq(true))
        .execute(db)?;
    Ok(Ok(()))
}

fn enrolment(db: &mut Db, id: Key, ended_at: At) -> Result<Outcome> {
    let columns =
        (enrolments::class_id, enrolments::person_id, enrolments::role, enrolments::removed_at);
    let (class, person, role, removed_at): (Key, Key, String, Option<At>) =
        enrolments::table.find(id).select(columns).first(db)?;
    if removed_at == Some(ended_at) {
        let class_is_there = classes::table
            .filter(classes::id.eq(class).and(classes::removed_at.is_null()))
            .count()
            .get_result::<i64>(db)?
            > 0;
        if !class_is_there || !all_exist(db, &[person])? {
            return Ok(Err(NotRestored::NotThere));
        }
    }
    let ended = enrolments::table
        .filter(enrolments::id.eq(id).and(enrolments::removed_at.eq(Some(ended_at))));
    let written = diesel::update(ended).set(enrolments::removed_at.eq(None::<At>)).execute(db)?;
    if written == 1 && role == role_name(parlour_roster::EnrolmentRole::Teacher) {
        diesel::update(people::table.find(person)).set(people::is_teacher.eq(true)).execute(db)?;
    }
    Ok(restore_outcome(written, removed_at))
}

/// Describes an ending for people.
fn describe(db: &mut Db, ending: &Ending) -> Result<String> {
    let id = ending.subject_id;
    Ok(match ending.kind.as_str() {
        "person" | "roles" => person(db, id)?,
        "class" => classes::table.find(id).select(classes::title).first(db)?,
        "guardianship" | "contact" => {
            let (parent, student): (Key, Key) = guardianships::table
                .find(id)
                .select((guardianships::parent_id, guardianships::student_id))
                .first(db)?;
            format!("{} of {}", person(db, parent)?, person(db, student)?)
        }
        "enrolment" => {
            let (class, of, role): (Key, Key, String) = enrolments::table
                .find(id)
                .select((enrolments::class_id, enrolments::person_id, enrolments::role))
                .first(db)?;
            let title: String = classes::table.find(class).select(classes::title).first(db)?;
            format!("{} as {role} of {title}", person(db, of)?)
        }
        "booking" => {
            let columns = (
                bookings_table::evening_id,
                bookings_table::student_id,
                bookings_table::class_id,
                bookings_table::starts_at,
            );
            let (evening, student, class, starts_at): (Key, Key, Key, At) =
                bookings_table::table.find(id).select(columns).first(db)?;
            let school: Key =
                bookings_table::table.find(id).select(bookings_table::school_id).first(db)?;
            let evening = evenings::find(db, school.into(), evening.into())?;
            let subject: String = classes::table.find(class).select(classes::subject).first(db)?;
            format!(
                "{} {subject}, {}, {}",
                bookings::when(&evening, *starts_at),
                person(db, student)?,
                evening.title
            )
        }
        _ => invites_table::table.find(id).select(invites_table::name).first(db)?,
    })
}

fn person(db: &mut Db, id: Key) -> Result<String> {
    let (given, family): (String, String) =
        people::table.find(id).select((people::given_name, people::family_name)).first(db)?;
    Ok(persons::full_name(&given, &family))
}
