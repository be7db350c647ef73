//! Permission queries: the students a parent may act for, and the people and addresses that are
//! barred from a student (I10). Read-only.

use std::collections::BTreeSet;

use diesel::{
    backend::Backend,
    dsl::{auto_type, exists, not},
    expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate},
    prelude::*,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::Bool,
};
use parlour_domain::id::{PersonId, SchoolId};

use super::{
    Db, Result, contacts,
    in_ids::in_ids,
    people::PersonRow,
    sql_types::{Key, key},
};
use crate::{
    schema::{bars, bookings as bookings_table, guardianships, people},
    with_conn,
};

/// The links by which a parent may act for a student: `parlour_domain`'s `Contact::may_act` as a
/// condition of a query on `guardianships`. Every query that shows a parent data of a student, or
/// lets the parent act for one, must use this condition.
#[auto_type]
pub(super) fn may_act() -> _ {
    contacts::is_allowed().and(NotBarredByStaff)
}

/// The condition that no bar set by staff is in force against a link, neither against the parent
/// nor against the parent's address. It is written as SQL text because the query may already use
/// the `people` table for the parent.
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

/// A bar that staff have set and not lifted.
#[auto_type]
pub(super) fn in_force() -> _ {
    bars::lifted_at.is_null()
}

/// Joins a booking to the link between its parent and its student.
#[auto_type]
pub(super) fn links_booking() -> _ {
    guardianships::parent_id
        .eq(bookings_table::parent_id)
        .and(guardianships::student_id.eq(bookings_table::student_id))
}

/// The students a parent may act for.
///
/// # Errors
/// Errors of the database.
pub fn students_of(db: &mut Db, parent: PersonId) -> Result<Vec<PersonRow>> {
    Ok(with_conn!(db, conn => guardianships::table
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

/// Returns whether a parent may act for a student.
///
/// # Errors
/// Errors of the database.
pub fn may_act_for(db: &mut Db, parent: PersonId, student: PersonId) -> Result<bool> {
    let link = guardianships::table.filter(
        guardianships::parent_id.eq(key(parent)).and(guardianships::student_id.eq(key(student))),
    );
    Ok(with_conn!(db, conn => diesel::select(exists(link.filter(may_act()))).get_result(conn))?)
}

/// Returns whether a person may use the site as a parent: they may act for a student, or no
/// student's contact with them is barred.
///
/// # Errors
/// Errors of the database.
pub fn may_be_parent(db: &mut Db, school: SchoolId, parent: PersonId) -> Result<bool> {
    let links = guardianships::table.filter(guardianships::parent_id.eq(key(parent)));
    let has_student: bool =
        with_conn!(db, conn => diesel::select(exists(links.filter(may_act()))).get_result(conn))?;
    Ok(has_student || !is_barred(db, school, parent)?)
}

/// Returns whether the school has barred a parent from any student, by id or by address.
///
/// # Errors
/// Errors of the database.
pub fn is_barred(db: &mut Db, school: SchoolId, parent: PersonId) -> Result<bool> {
    let by_roster = guardianships::table
        .filter(guardianships::parent_id.eq(key(parent)))
        .filter(contacts::is_barred())
        .count()
        .get_result::<i64>(db)?;
    let bar_key: Option<String> =
        people::table.find(key(parent)).select(people::bar_key).first(db)?;
    let by_staff = bars::table
        .filter(bars::school_id.eq(key(school)).and(in_force()))
        .filter(
            bars::person_id
                .eq(Some(key(parent)))
                .or(bars::bar_key.is_not_null().and(bars::bar_key.eq(bar_key))),
        )
        .count()
        .get_result::<i64>(db)?;
    Ok(by_roster + by_staff > 0)
}

/// Returns which of these students staff have barred the parent from, as a person or by address.
///
/// # Errors
/// Errors of the database.
pub(super) fn students_barred_for_parent(
    db: &mut Db,
    parent: PersonId,
    students: &[Key],
) -> Result<BTreeSet<Key>> {
    let links = guardianships::table.filter(
        guardianships::parent_id
            .eq(key(parent))
            .and(in_ids(guardianships::student_id, students.iter().copied())),
    );
    let barred: Vec<Key> =
        links.filter(not(NotBarredByStaff)).select(guardianships::student_id).load(db)?;
    Ok(barred.into_iter().collect())
}

/// Returns which of these students a guest with this address is barred from: because staff barred
/// the address or a person who has it, or because the roster bars the contact who has it.
///
/// # Errors
/// Errors of the database.
pub fn students_barred_for_address(
    db: &mut Db,
    school: SchoolId,
    students: &[Key],
    bar_key: &str,
) -> Result<BTreeSet<Key>> {
    let by_address: Vec<Key> = bars::table
        .filter(
            in_ids(bars::student_id, students.iter().copied())
                .and(in_force())
                .and(bars::bar_key.eq(bar_key)),
        )
        .select(bars::student_id)
        .load(db)?;
    let by_roster: Vec<Key> = guardianships::table
        .inner_join(people::table.on(people::id.eq(guardianships::parent_id)))
        .filter(
            in_ids(guardianships::student_id, students.iter().copied())
                .and(people::school_id.eq(key(school)))
                .and(people::bar_key.eq(bar_key)),
        )
        .filter(contacts::is_barred())
        .select(guardianships::student_id)
        .load(db)?;
    let by_person: Vec<Key> = bars::table
        .inner_join(people::table.on(people::id.nullable().eq(bars::person_id)))
        .filter(
            in_ids(bars::student_id, students.iter().copied())
                .and(in_force())
                .and(people::bar_key.eq(bar_key)),
        )
        .select(bars::student_id)
        .load(db)?;
    Ok(by_address.into_iter().chain(by_roster).chain(by_person).collect())
}

/// Returns all barred addresses of a school, each with the student. The rules are those of
/// [`students_barred_for_address`].
pub(super) fn barred_addresses(db: &mut Db, school: SchoolId) -> Result<BTreeSet<(String, Key)>> {
    let mut barred = address_bars(db, school)?;
    let by_person: Vec<(Option<String>, Key)> = bars::table
        .filter(bars::school_id.eq(key(school)).and(in_force()))
        .inner_join(people::table.on(people::id.nullable().eq(bars::person_id)))
        .select((people::bar_key, bars::student_id))
        .load(db)?;
    let by_roster: Vec<(Option<String>, Key)> = guardianships::table
        .inner_join(people::table.on(people::id.eq(guardianships::parent_id)))
        .filter(guardianships::school_id.eq(key(school)).and(contacts::is_barred()))
        .select((people::bar_key, guardianships::student_id))
        .load(db)?;
    let others = by_person.into_iter().chain(by_roster);
    barred.extend(others.filter_map(|(address, student)| Some((address?, student))));
    Ok(barred)
}

/// The addresses that staff have barred directly, with the student of each bar.
pub(super) fn address_bars(db: &mut Db, school: SchoolId) -> Result<BTreeSet<(String, Key)>> {
    let bars: Vec<(Option<String>, Key)> = bars::table
        .filter(bars::school_id.eq(key(school)).and(in_force()))
        .select((bars::bar_key, bars::student_id))
        .load(db)?;
    Ok(bars.into_iter().filter_map(|(address, student)| Some((address?, student))).collect())
}

/// All pairs of parent and student of a school in which the parent may act for the student.
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
