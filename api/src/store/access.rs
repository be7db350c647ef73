//! Permission queries (I10), and the sweep that revokes what rests on a lost permission (I13).

mod fallen;

use std::collections::BTreeSet;

use chrono::TimeDelta;
use diesel::{
    backend::Backend,
    dsl::{auto_type, exists, not},
    expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate},
    prelude::*,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::Bool,
};
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
    schema::{
        bars, bookings as bookings_table, evenings, guardianships, invite_students,
        invites as invites_table, people,
    },
};

/// The links by which a parent may act for a student: `parlour_domain`'s `Contact::may_act` as a
/// condition of a query on `guardianships`. Whatever shows a parent something of a student, or lets
/// them do something, asks this.
#[auto_type]
pub(super) fn may_act() -> _ {
    contacts::is_allowed().and(NotBarredByStaff)
}

/// No bar that staff have set is in force against a link, neither against the parent nor against
/// their address: as text, since the parent's row may stand in the query already.
#[derive(Clone, Copy, Debug, QueryId)]
pub(super) struct NotBarredByStaff;

impl Expression for NotBarredByStaff {
    type SqlType = Bool;
}

impl<From> AppearsOnTable<From> for NotBarredByStaff where
    guardianships::student_id: AppearsOnTable<From>
{
}

impl<From> SelectableExpression<From> for NotBarredByStaff where
    guardianships::student_id: SelectableExpression<From>
{
}

impl ValidGrouping<()> for NotBarredByStaff {
    type IsAggregate = is_aggregate::No;
}

impl<DB: Backend> QueryFragment<DB> for NotBarredByStaff {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(
            "not exists (select 1 from bars where bars.student_id = guardianships.student_id and \
             bars.lifted_at is null and (bars.person_id = guardianships.parent_id or bars.bar_key \
             = (select barred.bar_key from people as barred where barred.id = \
             guardianships.parent_id)))",
        );
        Ok(())
    }
}

/// Joins a booking to the link on which it rests.
#[auto_type]
pub(super) fn links_booking() -> _ {
    guardianships::parent_id
        .eq(bookings_table::parent_id)
        .and(guardianships::student_id.eq(bookings_table::student_id))
}

/// The students a parent may act for.
///
/// # Errors
/// When the database fails.
pub fn students_of(db: &mut Db, parent: PersonId) -> Result<Vec<PersonRow>> {
    Ok(each!(db, conn => guardianships::table
        .inner_join(people::table.on(people::id.eq(guardianships::student_id)))
        .filter(
            guardianships::parent_id
                .eq(key(parent))
                .and(people::removed_at.is_null())
                .and(may_act())
        )
        .order((people::given_name, people::id))
        .select(PersonRow::as_select())
        .load(conn))?)
}

/// Whether a parent may act for a student.
///
/// # Errors
/// When the database fails.
pub fn may_act_for(db: &mut Db, parent: PersonId, student: PersonId) -> Result<bool> {
    let link = guardianships::table.filter(
        guardianships::parent_id.eq(key(parent)).and(guardianships::student_id.eq(key(student))),
    );
    Ok(each!(db, conn => diesel::select(exists(link.filter(may_act()))).get_result(conn))?)
}

/// Whether somebody may be here as a parent: they may act for a student, or no student's contact
/// with them is barred.
///
/// # Errors
/// When the database fails.
pub fn may_be_parent(db: &mut Db, school: SchoolId, parent: PersonId) -> Result<bool> {
    let links = guardianships::table.filter(guardianships::parent_id.eq(key(parent)));
    let has_student: bool =
        each!(db, conn => diesel::select(exists(links.filter(may_act()))).get_result(conn))?;
    Ok(has_student || !is_barred(db, school, parent)?)
}

/// Whether the school has barred a parent from any student, by id or by address.
///
/// # Errors
/// When the database fails.
pub fn is_barred(db: &mut Db, school: SchoolId, parent: PersonId) -> Result<bool> {
    let by_roster = guardianships::table
        .filter(guardianships::parent_id.eq(key(parent)))
        .filter(contacts::is_barred())
        .count()
        .get_result::<i64>(db)?;
    let bar_key: Option<String> =
        people::table.find(key(parent)).select(people::bar_key).first(db)?;
    let by_staff = bars::table
        .filter(bars::school_id.eq(key(school)).and(bars::lifted_at.is_null()))
        .filter(
            bars::person_id
                .eq(Some(key(parent)))
                .or(bars::bar_key.is_not_null().and(bars::bar_key.eq(bar_key))),
        )
        .count()
        .get_result::<i64>(db)?;
    Ok(by_roster + by_staff > 0)
}

/// Of these students of a parent, those from whom staff have barred them, as a person or by their
/// address.
///
/// # Errors
/// When the database fails.
pub(super) fn barred_from(
    db: &mut Db,
    parent: PersonId,
    students: &[Key],
) -> Result<BTreeSet<Key>> {
    let links = guardianships::table.filter(
        guardianships::parent_id
            .eq(key(parent))
            .and(among(guardianships::student_id, students.iter().copied())),
    );
    let barred: Vec<Key> =
        links.filter(not(NotBarredByStaff)).select(guardianships::student_id).load(db)?;
    Ok(barred.into_iter().collect())
}

/// Of these students, those from whom a guest with this address is barred: by hand, or since the
/// roster bars the contact who has the address.
///
/// # Errors
/// When the database fails.
pub fn barred_for_address(
    db: &mut Db,
    school: SchoolId,
    students: &[Key],
    bar_key: &str,
) -> Result<BTreeSet<Key>> {
    let by_address: Vec<Key> = bars::table
        .filter(
            among(bars::student_id, students.iter().copied())
                .and(bars::lifted_at.is_null())
                .and(bars::bar_key.eq(bar_key)),
        )
        .select(bars::student_id)
        .load(db)?;
    let by_roster: Vec<Key> = guardianships::table
        .inner_join(people::table.on(people::id.eq(guardianships::parent_id)))
        .filter(
            among(guardianships::student_id, students.iter().copied())
                .and(people::school_id.eq(key(school)))
                .and(people::bar_key.eq(bar_key)),
        )
        .filter(contacts::is_barred())
        .select(guardianships::student_id)
        .load(db)?;
    let by_person: Vec<Key> = bars::table
        .inner_join(people::table.on(people::id.nullable().eq(bars::person_id)))
        .filter(
            among(bars::student_id, students.iter().copied())
                .and(bars::lifted_at.is_null())
                .and(people::bar_key.eq(bar_key)),
        )
        .select(bars::student_id)
        .load(db)?;
    Ok(by_address.into_iter().chain(by_roster).chain(by_person).collect())
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

/// Takes from everybody what they may no more (I13): future bookings, invites and sessions of
/// parents who lost a student, invites of guests who are barred. Call it in the transaction that
/// changed a guardianship, a person or a bar; where nothing changed it does nothing.
///
/// # Errors
/// When the database fails.
pub fn sweep(db: &mut Db, ctx: &Context, school: SchoolId, actor: &Actor) -> Result<Withdrawn> {
    let lost_bookings = bookings_without_access(db, ctx, school)?;
    let (lost_invites, lost_parents) = invites_without_access(db, ctx, school)?;
    let fallen = fallen::in_words(db, school, &lost_bookings, &lost_invites)?;
    for (booking, _) in &lost_bookings {
        bookings::end(db, ctx, BookingId::from(*booking), actor, bookings::Ending::AccessLost)?;
    }
    for invite in &lost_invites {
        invites::end_for_access(db, ctx, InviteId::from(*invite), actor)?;
    }
    // Their calendars lose what fell. Barred contacts get no mail, which is asked when it is sent.
    let booked: BTreeSet<Key> = lost_bookings.iter().map(|(_, parent)| *parent).collect();
    for parent in &booked {
        outbox::enqueue(
            db,
            ctx,
            NewMail {
                person: Some((*parent).into()),
                ..NewMail::new(school, Template::AccessEnded)
            },
        )?;
    }
    let parents: Vec<Key> = lost_parents.union(&booked).copied().collect();
    sessions::withdraw(db, ctx, &parents, &lost_invites, "access_ended")?;
    login::expire(db, &parents, ctx.now)?;
    let withdrawn = Withdrawn {
        parents: parents.len(),
        bookings: lost_bookings.len(),
        invites: lost_invites.len(),
    };
    if withdrawn != Withdrawn::default() {
        alert_staff_of(db, ctx, school, actor, "access_ended", &fallen)?;
    }
    Ok(withdrawn)
}

/// Logs out parents who lost a student, whether or not they had bookings; the login links in their
/// mails die, too.
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
pub fn alert_staff(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    actor: &Actor,
    action: &'static str,
    summary: &str,
) -> Result<()> {
    alert_staff_of(db, ctx, school, actor, action, &[summary.to_owned()])
}

/// Tells the school's staff of several things in one mail to each of them.
fn alert_staff_of(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    actor: &Actor,
    action: &'static str,
    summaries: &[String],
) -> Result<()> {
    for summary in summaries {
        events::record(
            db,
            ctx,
            &NewEvent {
                school,
                evening: None,
                parent: None,
                student: None,
                action,
                summary: summary.clone(),
                actor,
            },
        )?;
    }
    let staff: Vec<Key> = people::table
        .filter(
            people::school_id
                .eq(key(school))
                .and(people::is_staff.eq(true))
                .and(people::email.is_not_null())
                .and(people::removed_at.is_null()),
        )
        .select(people::id)
        .load(db)?;
    for person in staff {
        outbox::enqueue(
            db,
            ctx,
            NewMail { person: Some(person.into()), ..NewMail::new(school, Template::StaffAlert) },
        )?;
    }
    Ok(())
}

fn bookings_without_access(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
) -> Result<Vec<(Key, Key)>> {
    let live: Vec<(Key, Key, Key)> = bookings_table::table
        .filter(
            bookings_table::school_id
                .eq(key(school))
                .and(bookings_table::cancelled_at.is_null())
                .and(bookings_table::ends_at.gt(at(ctx.now))),
        )
        .select((bookings_table::id, bookings_table::parent_id, bookings_table::student_id))
        .load(db)?;
    let allowed = allowed_pairs(db, school)?;
    Ok(live
        .into_iter()
        .filter(|(_, parent, student)| !allowed.contains(&(*parent, *student)))
        .map(|(booking, parent, _)| (booking, parent))
        .collect())
}

fn invites_without_access(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
) -> Result<(Vec<Key>, BTreeSet<Key>)> {
    let live: Vec<(Key, Key, Key, String)> = invite_students::table
        .inner_join(invites_table::table)
        .inner_join(evenings::table.on(evenings::id.eq(invites_table::evening_id)))
        .filter(invites_table::school_id.eq(key(school)).and(invites_table::ended_at.is_null()))
        // The link of an invite ends with the last appointment, a little after its evening at the
        // latest.
        .filter(evenings::ends_at.gt(at(ctx.now - TimeDelta::days(1))))
        .select((
            invites_table::id,
            invites_table::parent_id,
            invite_students::student_id,
            invites_table::bar_key,
        ))
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
    let of_school =
        bars::table.filter(bars::school_id.eq(key(school)).and(bars::lifted_at.is_null()));
    let by_address: Vec<(Option<String>, Key)> =
        of_school.select((bars::bar_key, bars::student_id)).load(db)?;
    let by_person: Vec<(Option<String>, Key)> = of_school
        .inner_join(people::table.on(people::id.nullable().eq(bars::person_id)))
        .select((people::bar_key, bars::student_id))
        .load(db)?;
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
    let linked: Vec<(Key, Key)> = guardianships::table
        .inner_join(parents.on(parents.field(people::id).eq(guardianships::parent_id)))
        .inner_join(students.on(students.field(people::id).eq(guardianships::student_id)))
        .filter(guardianships::school_id.eq(key(school)).and(may_act()))
        .filter(
            parents
                .field(people::removed_at)
                .is_null()
                .and(students.field(people::removed_at).is_null()),
        )
        .select((guardianships::parent_id, guardianships::student_id))
        .load(db)?;
    Ok(linked.into_iter().collect())
}
