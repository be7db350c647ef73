//! The door of a call: what a visitor sees before entering, and whether the call is theirs.
//! Read-only.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use parlour_domain::{
    Refusal,
    call::{CallTimes, Occupant},
    id::{BookingId, EveningId, InviteId, SchoolId},
};

use super::{CallIdentity, Visitor, rows};
use crate::{
    schema::{call_seats, calls, invites as invites_table, teacher_lateness},
    store::{
        Db, Error, LinkError, Result, access,
        bookings::{self, Booking},
        evenings::{self, EveningRow},
        guests,
        invites::{self, InviteRow},
        people::{self, PersonRow},
        sql_types::{At, Key, key},
    },
};

/// A call as its visitors see it before entering.
#[derive(Clone, Debug)]
pub struct Door {
    /// The evening.
    pub evening: EveningRow,
    /// The booking, with student, subject and teachers.
    pub booking: Booking,
    /// The parent who booked.
    pub parent: PersonRow,
    /// The live invite for the student, if there is one.
    pub guest: Option<InviteRow>,
    /// Times from which visitors may enter, and of the beginning and end of the talk.
    pub times: CallTimes,
    /// The visitor's seat or queue entry, if they have one.
    pub place: Option<Occupant>,
    /// By how many minutes the teachers say they run late; the largest value counts.
    pub late_minutes: u32,
}

/// Returns the door of a booking's call, for a visitor who belongs to it.
///
/// # Errors
/// [`Error::NotFound`] for visitors who do not belong to it; [`Refusal::BookingCancelled`],
/// [`Refusal::NotAVideoCall`]; for guests the errors of [`guests::open`].
pub fn door(
    db: &mut Db,
    school: SchoolId,
    who: CallIdentity,
    booking: BookingId,
    now: DateTime<Utc>,
) -> Result<Door> {
    let booking = bookings::find(db, school, None, booking)?;
    check_belongs(db, school, who, &booking, now)?;
    if booking.row.cancelled_at.is_some() {
        return Err(Refusal::BookingCancelled.into());
    }
    if !booking.row.video {
        return Err(Refusal::NotAVideoCall.into());
    }
    let evening = evenings::find(db, school, booking.row.evening_id.into())?;
    let parent: PersonRow = people::find_any(db, school, booking.row.parent_id.into())?;
    let guest = guest_of(db, &booking)?;
    let (times, place) = state(db, &evening, &booking, who, now)?;
    let late_minutes = lateness(db, evening.id(), &booking)?;
    Ok(Door { evening, booking, parent, guest, times, place, late_minutes })
}

/// The door of a call, and the visitor's next video appointment with its parent.
pub type DoorAndNext = (Door, Option<(Booking, PersonRow)>);

/// Returns what a visitor sees before entering a call.
///
/// # Errors
/// The errors of [`door`].
pub fn get_call(db: &mut Db, visitor: &Visitor, now: DateTime<Utc>) -> Result<DoorAndNext> {
    let door = door(db, visitor.school, visitor.who, visitor.booking, now)?;
    let next = next_call(db, visitor.who, &door, now)?;
    Ok((door, next))
}

/// Returns the visitor's next video appointment of the same evening, with its parent.
///
/// # Errors
/// Errors of the database.
pub fn next_call(
    db: &mut Db,
    who: CallIdentity,
    door: &Door,
    now: DateTime<Utc>,
) -> Result<Option<(Booking, PersonRow)>> {
    let evening = door.evening.id();
    let all: Vec<(Booking, PersonRow)> = match who {
        CallIdentity::Teacher(teacher) => bookings::of_teacher(db, evening, teacher)?,
        CallIdentity::Parent(parent) => bookings::of_parent(db, evening, parent)?
            .into_iter()
            .map(|booking| (booking, door.parent.clone()))
            .collect(),
        CallIdentity::Guest(invite) => {
            let view = guests::open(db, door.evening.school(), invite, now)?;
            view.bookings.into_iter().map(|booking| (booking, door.parent.clone())).collect()
        }
    };
    let follows = |booking: &Booking| {
        booking.row.video && *booking.row.starts_at > *door.booking.row.starts_at
    };
    Ok(all.into_iter().find(|(booking, _)| follows(booking)))
}

/// Returns whether the guest of an invite has a seat in a call now.
///
/// # Errors
/// Errors of the database.
pub fn is_in_call(db: &mut Db, invite: InviteId, now: DateTime<Utc>) -> Result<bool> {
    let seats = call_seats::table.filter(
        call_seats::participant_id.eq(key(invite)).and(call_seats::lease_ends_at.gt(At(now))),
    );
    Ok(seats.count().get_result::<i64>(db)? > 0)
}

fn check_belongs(
    db: &mut Db,
    school: SchoolId,
    who: CallIdentity,
    booking: &Booking,
    now: DateTime<Utc>,
) -> Result<()> {
    let belongs = match who {
        CallIdentity::Teacher(teacher) => booking.teachers.iter().any(|one| one.id() == teacher),
        CallIdentity::Parent(parent) => {
            let is_theirs = booking.row.parent_id == key(parent);
            if is_theirs && !access::may_act_for(db, parent, booking.student.id())? {
                return Err(Error::Link(LinkError::Access));
            }
            is_theirs
        }
        CallIdentity::Guest(invite) => {
            let row = invites::find(db, school, None, invite)?;
            let is_about =
                row.evening_id == booking.row.evening_id && row.parent_id == booking.row.parent_id;
            let students = invites::with_students(db, vec![row])?
                .pop()
                .map(|invite| invite.students)
                .unwrap_or_default();
            let covers =
                is_about && students.iter().any(|student| student.id == booking.row.student_id);
            if covers {
                // A guest who was invited to this very call learns why they may no longer enter;
                // other visitors learn nothing.
                guests::open(db, school, invite, now)?;
            }
            covers
        }
    };
    if belongs { Ok(()) } else { Err(Error::NotFound) }
}

fn state(
    db: &mut Db,
    evening: &EveningRow,
    booking: &Booking,
    who: CallIdentity,
    now: DateTime<Utc>,
) -> Result<(CallTimes, Option<Occupant>)> {
    let id = booking.row.id.into();
    let kept: Option<(i32, i32)> = calls::table
        .find(booking.row.id)
        .select((calls::extended_seconds, calls::next_connection))
        .first(db)
        .optional()?;
    let (extended_seconds, next_connection) = kept.unwrap_or_default();
    let place = rows::read(db, id, next_connection)?
        .occupant_of(who.participant())
        .filter(|place| place.lease_ends_at > now)
        .cloned();
    Ok((times(evening, booking, extended_seconds)?, place))
}

pub(super) fn times(
    evening: &EveningRow,
    booking: &Booking,
    extended_seconds: i32,
) -> Result<CallTimes> {
    Ok(CallTimes::new(
        *booking.row.starts_at,
        &evening.timing()?,
        TimeDelta::seconds(extended_seconds.into()),
    ))
}

/// Returns the parent's live invite for the booking's student.
pub(super) fn guest_of(db: &mut Db, booking: &Booking) -> Result<Option<InviteRow>> {
    let students = std::collections::BTreeSet::from([booking.student.id()]);
    let covering = invites::live_covering(
        db,
        booking.row.evening_id.into(),
        booking.row.parent_id.into(),
        &students,
    )?;
    let Some(invite) = covering.first() else { return Ok(None) };
    let live = invites_table::table
        .filter(invites_table::id.eq(key(*invite)).and(invites_table::ended_at.is_null()));
    Ok(live.select(InviteRow::as_select()).first(db).optional()?)
}

pub(super) fn lateness(db: &mut Db, evening: EveningId, booking: &Booking) -> Result<u32> {
    let teachers: Vec<Key> = booking.teachers.iter().map(|teacher| teacher.id).collect();
    let minutes: Vec<i32> = teacher_lateness::table
        .filter(
            teacher_lateness::evening_id
                .eq(key(evening))
                .and(teacher_lateness::teacher_id.eq_any(teachers)),
        )
        .select(teacher_lateness::minutes)
        .load(db)?;
    Ok(minutes.into_iter().max().map(rows::uint).unwrap_or_default())
}
