//! Queries for invites: their students, their guests' names, and the end of their links.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use parlour_domain::{
    id::{EveningId, InviteId, PersonId, SchoolId},
    invite,
};

use super::{Invite, InviteRow};
use crate::{
    schema::{bookings, evenings, invite_students, invites, people},
    store::{
        Db, Error, Result, access,
        bookings::BookingRow,
        evenings::EveningRow,
        in_ids::in_ids,
        people::PersonRow,
        sql_types::{At, Key, key},
    },
    with_conn,
};

/// Finds an invite of the school, or of this parent if `parent` is given; ended ones too.
///
/// # Errors
/// [`Error::NotFound`] for an invite of another school or parent.
pub fn find(
    db: &mut Db,
    school: SchoolId,
    parent: Option<PersonId>,
    invite: InviteId,
) -> Result<InviteRow> {
    let row: InviteRow = invites::table
        .filter(invites::id.eq(key(invite)).and(invites::school_id.eq(key(school))))
        .select(InviteRow::as_select())
        .first(db)?;
    if parent.is_some_and(|parent| key(parent) != row.parent_id) {
        Err(Error::NotFound)
    } else {
        Ok(row)
    }
}

/// Loads the students of these invites.
///
/// # Errors
/// Errors of the database.
pub fn with_students(db: &mut Db, rows: Vec<InviteRow>) -> Result<Vec<Invite>> {
    let covered: Vec<(Key, PersonRow)> = invite_students::table
        .inner_join(people::table)
        .filter(in_ids(invite_students::invite_id, rows.iter().map(|row| row.id)))
        .order((people::given_name, people::id))
        .select((invite_students::invite_id, PersonRow::as_select()))
        .load(db)?;
    let mut of_invite: BTreeMap<Key, Vec<PersonRow>> = BTreeMap::new();
    for (invite, student) in covered {
        of_invite.entry(invite).or_default().push(student);
    }
    Ok(rows
        .into_iter()
        .map(|row| Invite { students: of_invite.remove(&row.id).unwrap_or_default(), row })
        .collect())
}

/// Like [`with_students`], as the inviting parent may see it: without students for whom the parent
/// may not act, and without invites that have no other students.
///
/// # Errors
/// Errors of the database.
pub fn with_students_for(
    db: &mut Db,
    parent: PersonId,
    rows: Vec<InviteRow>,
) -> Result<Vec<Invite>> {
    let allowed: BTreeSet<Key> =
        access::students_of(db, parent)?.into_iter().map(|student| student.id).collect();
    let mut invites = with_students(db, rows)?;
    for invite in &mut invites {
        invite.students.retain(|student| allowed.contains(&student.id));
    }
    invites.retain(|invite| !invite.students.is_empty());
    Ok(invites)
}

/// Loads a parent's live invites for an evening, oldest first.
///
/// # Errors
/// Errors of the database.
pub fn live_of(db: &mut Db, evening: EveningId, parent: PersonId) -> Result<Vec<InviteRow>> {
    Ok(with_conn!(db, conn => invites::table
        .filter(
            invites::evening_id
                .eq(key(evening))
                .and(invites::parent_id.eq(key(parent)))
                .and(invites::ended_at.is_null())
        )
        .order((invites::created_at, invites::id))
        .select(InviteRow::as_select())
        .load(conn))?)
}

/// Loads the names of the guests who may join each booking, by evening, parent and student.
///
/// # Errors
/// Errors of the database.
pub fn guest_names(
    db: &mut Db,
    rows: &[BookingRow],
) -> Result<BTreeMap<(Key, Key, Key), Vec<String>>> {
    let different = |id: fn(&BookingRow) -> Key| rows.iter().map(id).collect::<BTreeSet<_>>();
    let (evenings, parents) = (different(|row| row.evening_id), different(|row| row.parent_id));
    let live: Vec<(Key, Key, Key, String)> = with_conn!(db, conn => invite_students::table
        .inner_join(invites::table)
        .filter(
            in_ids(invite_students::evening_id, evenings).and(
                in_ids(invite_students::parent_id, parents)
            )
        )
        .filter(invite_students::ended_at.is_null().and(invites::ended_at.is_null()))
        .select((
            invite_students::evening_id,
            invite_students::parent_id,
            invite_students::student_id,
            invites::name,
        ))
        .load(conn))?;
    let mut names: BTreeMap<(Key, Key, Key), Vec<String>> = BTreeMap::new();
    for (evening, parent, student, name) in live {
        names.entry((evening, parent, student)).or_default().push(name);
    }
    Ok(names)
}

/// Finds the live invites of a parent that cover any of these students.
///
/// # Errors
/// Errors of the database.
pub fn live_covering(
    db: &mut Db,
    evening: EveningId,
    parent: PersonId,
    students: &BTreeSet<PersonId>,
) -> Result<BTreeSet<InviteId>> {
    let ids: Vec<Key> = with_conn!(db, conn => invite_students::table
        .filter(
            invite_students::evening_id
                .eq(key(evening))
                .and(invite_students::parent_id.eq(key(parent)))
                .and(invite_students::ended_at.is_null())
        )
        .filter(in_ids(invite_students::student_id, students.iter().map(|student| key(*student))))
        .select(invite_students::invite_id)
        .load(conn))?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// The time at which the link of an invite stops working.
///
/// # Errors
/// Errors of the database.
pub fn link_ends_at(
    db: &mut Db,
    invite: &InviteRow,
    evening: &EveningRow,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>> {
    let students: Vec<Key> = invite_students::table
        .filter(invite_students::invite_id.eq(invite.id))
        .select(invite_students::student_id)
        .load(db)?;
    let last: Option<At> = bookings::table
        .filter(
            bookings::evening_id
                .eq(invite.evening_id)
                .and(bookings::parent_id.eq(invite.parent_id))
                .and(bookings::cancelled_at.is_null()),
        )
        .filter(in_ids(bookings::student_id, students))
        .order(bookings::ends_at.desc())
        .select(bookings::ends_at)
        .first(db)
        .optional()?;
    Ok(invite::link_ends_at(
        last.map(Into::into),
        *evening.booking_closes_at,
        *evening.ends_at,
        now,
    ))
}

/// Loads the evening of an invite.
///
/// # Errors
/// Errors of the database.
pub fn evening_of(db: &mut Db, invite: &InviteRow) -> Result<EveningRow> {
    Ok(evenings::table.find(invite.evening_id).select(EveningRow::as_select()).first(db)?)
}
