//! Who may act for whom (rule 10), and what happens to those who may no more (rule 13).

use std::collections::BTreeSet;

use chrono::TimeDelta;
use diesel::prelude::*;
use parlour_domain::id::{BookingId, InviteId, PersonId, SchoolId};

use super::{
    Db, Result,
    among::among,
    bookings, contacts,
    events::{self, Actor, NewEvent},
    invites, login,
    outbox::{self, NewMail, Template},
    people::PersonRow,
    sessions,
    sql_types::{Key, at, key},
};
use crate::{
    context::Context,
    each,
    schema::{bars, bookings as bookings_table, evenings, guardianships, invite_students, invites as invites_table, people},
};

/// The students a parent may act for: linked, contact allowed, no court order, no bar by person or address.
///
/// # Errors
/// When the database fails.
pub fn students_of(db: &mut Db, parent: PersonId) -> Result<Vec<PersonRow>> {
    let linked: Vec<PersonRow> = each!(db, conn => guardianships::table
        .inner_join(people::table.on(people::id.eq(guardianships::student_id)))
        .filter(guardianships::parent_id.eq(key(parent)).and(people::removed_at.is_null()).and(contacts::is_allowed()))
        .order((people::given_name, people::id))
        .select(PersonRow::as_select())
        .load(conn))?;
    let barred = barred_from(db, parent, &linked.iter().map(|student| student.id).collect::<Vec<_>>())?;
    Ok(linked.into_iter().filter(|student| !barred.contains(&student.id)).collect())
}

/// Of these students, those from whom a parent is barred by hand, as a person or by their address.
///
/// # Errors
/// When the database fails.
pub(super) fn barred_from(db: &mut Db, parent: PersonId, students: &[Key]) -> Result<BTreeSet<Key>> {
    let bars = bars_of(db, students)?;
    if bars.is_empty() {
        return Ok(BTreeSet::new());
    }
    let bar_key: Option<String> = people::table.find(key(parent)).select(people::bar_key).first(db)?;
    Ok(barred_by(bars, Some(parent), bar_key.as_deref()))
}

/// From which student, and which person or address is barred.
type Bar = (Key, Option<Key>, Option<String>);

/// The bars that were set by hand for these students.
fn bars_of(db: &mut Db, students: &[Key]) -> Result<Vec<Bar>> {
    Ok(each!(db, conn => bars::table
        .filter(among(bars::student_id, students.iter().copied()).and(bars::lifted_at.is_null()))
        .select((bars::student_id, bars::person_id, bars::bar_key))
        .load(conn))?)
}

/// The students from whom these bars keep a person or an address.
fn barred_by(bars: Vec<Bar>, person: Option<PersonId>, bar_key: Option<&str>) -> BTreeSet<Key> {
    let hits = |row_person: Option<Key>, row_key: Option<&str>| {
        (row_person.is_some() && row_person == person.map(Key::from)) || (row_key.is_some() && row_key == bar_key)
    };
    bars.into_iter().filter(|(_, row_person, row_key)| hits(*row_person, row_key.as_deref())).map(|(student, ..)| student).collect()
}

/// Of these students, those from whom a guest with this address is barred: by hand, or since the roster bars the contact who has the address.
///
/// # Errors
/// When the database fails.
pub fn barred_for_address(db: &mut Db, school: SchoolId, students: &[Key], bar_key: &str) -> Result<BTreeSet<Key>> {
    let mut barred = barred_by(bars_of(db, students)?, None, Some(bar_key));
    let by_roster: Vec<Key> = guardianships::table
        .inner_join(people::table.on(people::id.eq(guardianships::parent_id)))
        .filter(among(guardianships::student_id, students.iter().copied()).and(people::school_id.eq(key(school))).and(people::bar_key.eq(bar_key)))
        .filter(contacts::is_barred())
        .select(guardianships::student_id)
        .load(db)?;
    let by_person: Vec<Key> = bars::table
        .inner_join(people::table.on(people::id.nullable().eq(bars::person_id)))
        .filter(among(bars::student_id, students.iter().copied()).and(bars::lifted_at.is_null()).and(people::bar_key.eq(bar_key)))
        .select(bars::student_id)
        .load(db)?;
    barred.extend(by_roster);
    barred.extend(by_person);
    Ok(barred)
}

/// What was taken away by [`sweep`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Withdrawn {
    /// Parents who were logged out.
    pub parents: usize,
    /// Future bookings cancelled.
    pub bookings: usize,
    /// Invites ended.
    pub invites: usize,
}

/// Takes from everybody what they may no more (rule 13): future bookings, invites and sessions of parents who lost a student, invites of guests who are barred.
/// Call it in the transaction that changed a guardianship, a person or a bar; where nothing changed it does nothing.
///
/// # Errors
/// When the database fails.
pub fn sweep(db: &mut Db, ctx: &Context, school: SchoolId, actor: &Actor) -> Result<Withdrawn> {
    let lost_bookings = bookings_without_access(db, ctx, school)?;
    let (lost_invites, lost_parents) = invites_without_access(db, ctx, school)?;
    let mut parents: BTreeSet<Key> = lost_parents;
    for (booking, parent) in &lost_bookings {
        parents.insert(*parent);
        bookings::end(db, ctx, BookingId::from(*booking), actor, bookings::Ending::AccessLost)?;
    }
    for invite in &lost_invites {
        invites::end_for_access(db, ctx, InviteId::from(*invite), actor)?;
    }
    let parents: Vec<Key> = parents.into_iter().collect();
    sessions::withdraw(db, ctx, &parents, &lost_invites, "access_ended")?;
    login::expire(db, &parents, ctx.now)?;
    let withdrawn = Withdrawn { parents: parents.len(), bookings: lost_bookings.len(), invites: lost_invites.len() };
    if withdrawn != Withdrawn::default() {
        alert_staff(
            db,
            ctx,
            school,
            actor,
            "access_ended",
            &format!("Access ended: {} bookings cancelled, {} invites ended.", withdrawn.bookings, withdrawn.invites),
        )?;
    }
    Ok(withdrawn)
}

/// Logs out parents who lost a student, whether or not they had bookings; the login links in their mails die, too.
///
/// # Errors
/// When the database fails.
pub fn log_out(db: &mut Db, ctx: &Context, parents: &[PersonId]) -> Result<()> {
    let parents: Vec<Key> = parents.iter().map(|parent| key(*parent)).collect();
    sessions::withdraw(db, ctx, &parents, &[], "access_ended")?;
    login::expire(db, &parents, ctx.now)
}

/// Tells the school's staff of something: an event, and a mail to each of them.
///
/// # Errors
/// When the database fails.
pub fn alert_staff(db: &mut Db, ctx: &Context, school: SchoolId, actor: &Actor, action: &'static str, summary: &str) -> Result<()> {
    events::record(db, ctx, &NewEvent { school, evening: None, parent: None, action, summary: summary.to_owned(), actor })?;
    let staff: Vec<Key> = people::table
        .filter(people::school_id.eq(key(school)).and(people::is_staff.eq(true)).and(people::email.is_not_null()).and(people::removed_at.is_null()))
        .select(people::id)
        .load(db)?;
    for person in staff {
        outbox::enqueue(db, ctx, NewMail { person: Some(person.into()), ..NewMail::new(school, Template::StaffAlert) })?;
    }
    Ok(())
}

fn bookings_without_access(db: &mut Db, ctx: &Context, school: SchoolId) -> Result<Vec<(Key, Key)>> {
    let live: Vec<(Key, Key, Key)> = bookings_table::table
        .filter(bookings_table::school_id.eq(key(school)).and(bookings_table::cancelled_at.is_null()).and(bookings_table::ends_at.gt(at(ctx.now))))
        .select((bookings_table::id, bookings_table::parent_id, bookings_table::student_id))
        .load(db)?;
    let allowed = allowed_pairs(db, school)?;
    Ok(live.into_iter().filter(|(_, parent, student)| !allowed.contains(&(*parent, *student))).map(|(booking, parent, _)| (booking, parent)).collect())
}

fn invites_without_access(db: &mut Db, ctx: &Context, school: SchoolId) -> Result<(Vec<Key>, BTreeSet<Key>)> {
    let live: Vec<(Key, Key, Key, String)> = invite_students::table
        .inner_join(invites_table::table)
        .inner_join(evenings::table.on(evenings::id.eq(invites_table::evening_id)))
        .filter(invites_table::school_id.eq(key(school)).and(invites_table::ended_at.is_null()))
        // The link of an invite ends with the last appointment, a little after its evening at the latest.
        .filter(evenings::ends_at.gt(at(ctx.now - TimeDelta::days(1))))
        .select((invites_table::id, invites_table::parent_id, invite_students::student_id, invites_table::bar_key))
        .load(db)?;
    let allowed = allowed_pairs(db, school)?;
    let barred = barred_addresses(db, school)?;
    let (mut ended, mut parents) = (BTreeSet::new(), BTreeSet::new());
    for (invite, parent, student, bar_key) in live {
        let parent_lost = !allowed.contains(&(parent, student));
        if parent_lost {
            parents.insert(parent);
        }
        if parent_lost || barred.contains(&(bar_key, student)) {
            ended.insert(invite);
        }
    }
    Ok((ended.into_iter().collect(), parents))
}

/// Every address that is barred from a student, as [`barred_for_address`] finds them for one.
fn barred_addresses(db: &mut Db, school: SchoolId) -> Result<BTreeSet<(String, Key)>> {
    let of_school = bars::table.filter(bars::school_id.eq(key(school)).and(bars::lifted_at.is_null()));
    let by_address: Vec<(Option<String>, Key)> = of_school.select((bars::bar_key, bars::student_id)).load(db)?;
    let by_person: Vec<(Option<String>, Key)> =
        of_school.inner_join(people::table.on(people::id.nullable().eq(bars::person_id))).select((people::bar_key, bars::student_id)).load(db)?;
    let by_roster: Vec<(Option<String>, Key)> = guardianships::table
        .inner_join(people::table.on(people::id.eq(guardianships::parent_id)))
        .filter(guardianships::school_id.eq(key(school)).and(contacts::is_barred()))
        .select((people::bar_key, guardianships::student_id))
        .load(db)?;
    let all = by_address.into_iter().chain(by_person).chain(by_roster);
    Ok(all.filter_map(|(address, student)| Some((address?, student))).collect())
}

/// All pairs of parent and student that may act, of a school.
pub(super) fn allowed_pairs(db: &mut Db, school: SchoolId) -> Result<BTreeSet<(Key, Key)>> {
    let (parents, students) = diesel::alias!(people as parents, people as students);
    let linked: Vec<(Key, Key, Option<String>)> = guardianships::table
        .inner_join(parents.on(parents.field(people::id).eq(guardianships::parent_id)))
        .inner_join(students.on(students.field(people::id).eq(guardianships::student_id)))
        .filter(guardianships::school_id.eq(key(school)).and(contacts::is_allowed()))
        .filter(parents.field(people::removed_at).is_null().and(students.field(people::removed_at).is_null()))
        .select((guardianships::parent_id, guardianships::student_id, parents.field(people::bar_key)))
        .load(db)?;
    let bars: Vec<(Key, Option<Key>, Option<String>)> = bars::table
        .filter(bars::school_id.eq(key(school)).and(bars::lifted_at.is_null()))
        .select((bars::student_id, bars::person_id, bars::bar_key))
        .load(db)?;
    let is_barred = |parent: Key, student: Key, bar_key: Option<&str>| {
        bars.iter().any(|(of, person, address)| *of == student && (*person == Some(parent) || (address.is_some() && address.as_deref() == bar_key)))
    };
    Ok(linked
        .into_iter()
        .filter(|(parent, student, bar_key)| !is_barred(*parent, *student, bar_key.as_deref()))
        .map(|(parent, student, _)| (parent, student))
        .collect())
}
