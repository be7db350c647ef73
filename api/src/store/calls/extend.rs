//! Extension of a call by one minute: a teacher adds it if all participants are free in the minutes
//! that it needs. The primary key of the claims decides.

use std::collections::BTreeSet;

use diesel::prelude::*;
use parlour_domain::{
    Refusal,
    call::{EXTENSION, minutes_to_claim},
};

use super::{
    CallIdentity, Door, Visitor,
    door::door,
    enter::{check_session, lock_door},
    rows::{self, LockedCall},
};
use crate::{
    context::Context,
    schema::{calls, claims},
    store::{Db, Result, sql_types::Key},
    with_conn,
};

#[derive(Insertable)]
#[diesel(table_name = claims)]
struct ClaimRow {
    person_id: Key,
    minute: i32,
    booking_id: Key,
}

/// Adds a minute to a call.
///
/// # Errors
/// [`Refusal::CannotExtend`] when a participant is busy in that minute or the visitor is no
/// teacher; [`Refusal::CallEarly`], [`Refusal::CallOver`]; the errors of [`door`].
pub fn extend(db: &mut Db, ctx: &Context, visitor: &Visitor) -> Result<()> {
    lock_door(db, visitor)?;
    check_session(db, visitor, ctx.now)?;
    if !matches!(visitor.who, CallIdentity::Teacher(_)) {
        return Err(Refusal::CannotExtend.into());
    }
    let locked = LockedCall::lock_or_create(db, ctx, visitor.school, visitor.booking)?;
    let door = door(db, visitor.school, visitor.who, visitor.booking, ctx.now)?;
    door.times.check(ctx.now)?;
    for (person_id, minute) in needed(db, &door)? {
        let claim = ClaimRow { person_id, minute, booking_id: door.booking.row.id };
        // The rows are inserted one at a time, because diesel can't insert several rows with `on
        // conflict` on SQLite. If one claim is lost, the transaction undoes the earlier ones.
        if with_conn!(db, conn =>
            diesel::insert_into(claims::table).values(&claim).on_conflict_do_nothing().execute(conn)
        )? == 0
        {
            return Err(Refusal::CannotExtend.into());
        }
    }
    let seconds = i32::try_from(EXTENSION.num_seconds()).unwrap_or_default();
    let longer = (
        calls::extended_seconds.eq(calls::extended_seconds + seconds),
        calls::version.eq(calls::version + 1),
    );
    diesel::update(calls::table.find(locked.row.booking_id)).set(longer).execute(db)?;
    rows::record(db, ctx, visitor, "extended", None)
}

/// Returns whether a minute could be added now. It may be taken a moment later.
pub(super) fn is_free(db: &mut Db, door: &Door) -> Result<bool> {
    let needed = needed(db, door)?;
    let (people, minutes): (BTreeSet<Key>, BTreeSet<i32>) = needed.into_iter().unzip();
    let taken: i64 = claims::table
        .filter(
            claims::person_id
                .eq_any(people.into_iter().collect::<Vec<_>>())
                .and(claims::minute.eq_any(minutes.into_iter().collect::<Vec<_>>())),
        )
        .count()
        .get_result(db)?;
    Ok(taken == 0)
}

/// Returns which people must be free in which minutes, in the order in which all transactions
/// claim.
fn needed(db: &mut Db, door: &Door) -> Result<BTreeSet<(Key, i32)>> {
    let row = &door.booking.row;
    let claimed: Vec<i32> = claims::table
        .filter(claims::booking_id.eq(row.id).and(claims::person_id.eq(row.parent_id)))
        .select(claims::minute)
        .load(db)?;
    let minutes: Vec<i32> = minutes_to_claim(
        door.times.starts_at,
        door.times.ends_at + EXTENSION,
        &claimed.into_iter().collect(),
    )
    .collect();
    let people = door
        .booking
        .teachers
        .iter()
        .map(|teacher| teacher.id)
        .chain([row.parent_id, row.student_id]);
    Ok(people.flat_map(|person| minutes.iter().map(move |minute| (person, *minute))).collect())
}
