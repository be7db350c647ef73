//! Contents of the Manage Invites dialog: the live invites, the students for whom others may be
//! sent, and the refusal if none may be.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use diesel::prelude::*;
use parlour_domain::{
    Refusal,
    id::PersonId,
    invite::{self, Candidate},
};

use super::{Invite, live_of, with_students, with_students_for};
use crate::{
    context::Context,
    schema::{events, invite_students, invites},
    store::{
        Db, Result, access,
        bookings::{self, OnBehalfOf},
        evenings::EveningRow,
        people::PersonRow,
        slots,
        sql_types::{Key, at, key},
    },
};

/// Contents of the Manage Invites dialog (I6).
#[derive(Clone, Debug)]
pub struct Overview {
    /// The live invites.
    pub invites: Vec<Invite>,
    /// The parent's involved students, whether each is covered by a live invite, and their
    /// appointments.
    pub students: Vec<(PersonRow, bool, Vec<bookings::Booking>)>,
    /// Why no other invite can be sent; `None` if one can.
    pub refusal: Option<Refusal>,
}

/// Loads the contents of the dialog.
///
/// # Errors
/// Errors of the database.
pub fn overview(
    db: &mut Db,
    ctx: &Context,
    evening: &EveningRow,
    acting: &OnBehalfOf,
) -> Result<Overview> {
    let parent = acting.parent;
    let live = live_of(db, evening.id(), parent)?;
    let invites = if acting.is_staff {
        with_students(db, live)?
    } else {
        with_students_for(db, parent, live)?
    };
    let booked = bookings::of_parent(db, evening.id(), parent)?;
    let candidates = candidates(db, evening, parent, None)?;
    let involved: Vec<_> =
        candidates.into_iter().filter(|(_, candidate)| candidate.involved).collect();
    let refusal = overview_refusal(db, ctx, evening, parent, &involved)?;
    let students = involved.into_iter().map(|(student, candidate)| {
        let of_student =
            booked.iter().filter(|booking| booking.row.student_id == student.id).cloned().collect();
        (student, candidate.invited, of_student)
    });
    Ok(Overview { invites, students: students.collect(), refusal })
}

/// Finds the only involved student, for a request that names none. The set is empty if no student
/// or more than one is involved.
///
/// # Errors
/// Errors of the database.
pub fn only_choice(
    db: &mut Db,
    evening: &EveningRow,
    parent: PersonId,
) -> Result<BTreeSet<PersonId>> {
    let candidates = candidates(db, evening, parent, None)?;
    let involved: Vec<PersonId> = candidates
        .into_iter()
        .filter(|(_, candidate)| candidate.involved)
        .map(|(student, _)| student.id())
        .collect();
    Ok(if involved.len() == 1 { involved.into_iter().collect() } else { BTreeSet::new() })
}

fn overview_refusal(
    db: &mut Db,
    ctx: &Context,
    evening: &EveningRow,
    parent: PersonId,
    involved: &[(PersonRow, Candidate)],
) -> Result<Option<Refusal>> {
    let (count, video) = bookings::count(db, evening.id(), parent)?;
    if ctx.now >= *evening.ends_at {
        return Ok(Some(Refusal::EveningOver));
    }
    if !involved.is_empty() && involved.iter().all(|(_, candidate)| candidate.invited) {
        return Ok(Some(Refusal::InviteExists));
    }
    if let Err(refusal) = invite::check_offered(evening.mode(), count, video) {
        return Ok(Some(refusal));
    }
    let (sent_today, refused_today) = counts(db, ctx, evening, parent)?;
    Ok(if refused_today >= invite::DAILY_REFUSAL_LIMIT {
        Some(Refusal::AskTheSchool)
    } else if sent_today >= invite::DAILY_LIMIT {
        Some(Refusal::InviteLimit)
    } else {
        None
    })
}

pub(super) fn candidates(
    db: &mut Db,
    evening: &EveningRow,
    parent: PersonId,
    guest_bar_key: Option<&str>,
) -> Result<Vec<(PersonRow, Candidate)>> {
    let students = access::students_of(db, parent)?;
    let ids: Vec<Key> = students.iter().map(|student| student.id).collect();
    let mut involved = slots::involved(db, evening, &ids)?;
    involved.extend(bookings::students_booked(db, evening.id(), parent)?);
    let barred = match guest_bar_key {
        Some(bar_key) => access::students_barred_for_address(db, evening.school(), &ids, bar_key)?,
        None => BTreeSet::new(),
    };
    let invited: Vec<Key> = invite_students::table
        .filter(
            invite_students::evening_id
                .eq(evening.id)
                .and(invite_students::parent_id.eq(key(parent)))
                .and(invite_students::ended_at.is_null()),
        )
        .select(invite_students::student_id)
        .load(db)?;
    let candidate = |student: &PersonRow| Candidate {
        student: student.id(),
        involved: involved.contains(&student.id),
        invited: invited.contains(&student.id),
        barred: barred.contains(&student.id),
    };
    Ok(students.into_iter().map(|student| (student.clone(), candidate(&student))).collect())
}

/// Counts the invites sent for this evening, and the refusals on any evening, in the last 24 hours.
pub(super) fn counts(
    db: &mut Db,
    ctx: &Context,
    evening: &EveningRow,
    parent: PersonId,
) -> Result<(i64, i64)> {
    let since = ctx.now - TimeDelta::days(1);
    let sent: i64 = invites::table
        .filter(
            invites::evening_id
                .eq(evening.id)
                .and(invites::parent_id.eq(key(parent)))
                .and(invites::created_at.gt(at(since))),
        )
        .count()
        .get_result(db)?;
    let refused: i64 = events::table
        .filter(
            events::parent_id
                .eq(Some(key(parent)))
                .and(events::action.eq("invite_refused"))
                .and(events::at.gt(at(since))),
        )
        .count()
        .get_result(db)?;
    Ok((sent, refused))
}
