//! The decision whether an appointment may be moved or cancelled.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{BookingError, By, Claim, NewBooking, OwnBooking, Terms, taken::Taken};
use crate::{Refusal, booking::is_time_fixed, id::PersonId};

/// The data that the decision about a move needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MoveSituation {
    /// The evening's times, and the person who makes the request.
    pub terms: Terms,
    /// The parent whose appointment it is.
    pub parent: PersonId,
    /// The appointment.
    pub booking: OwnBooking,
    /// The appointment was cancelled.
    pub is_cancelled: bool,
    /// The teachers of the appointment.
    pub teachers: BTreeSet<PersonId>,
    /// The current teachers of the class; `None` if the class is no longer offered to the student.
    pub offered: Option<BTreeSet<PersonId>>,
    /// The appointment's teachers who are still at the school.
    pub still_there: BTreeSet<PersonId>,
    /// The parent's other bookings of the evening.
    pub others: Vec<OwnBooking>,
    /// The time claims of other appointments on the parent, the student and the teachers.
    pub claims: BTreeSet<Claim>,
}

/// The outcome of a request to move an appointment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Move {
    /// The appointment stays unchanged.
    Nothing,
    /// The appointment keeps its time and gets the current teachers of the class.
    OtherTeachers,
    /// The appointment gets the new time and the current teachers of the class.
    OtherTime,
}

/// Decides whether an appointment may be moved to another time. If staff choose its own time, it
/// gets the current teachers of the class. Only staff may move a stranded appointment, whose class
/// is no longer offered to its student; it keeps those of its teachers who are still at the school.
///
/// # Errors
/// The refusals of the window (E4), [`Refusal::BookingCancelled`], [`Refusal::NotASlot`] (E2),
/// [`Refusal::BookingBegan`], [`Refusal::ClassNotOffered`]; the lost one (E1).
pub fn decide_move(
    to: DateTime<Utc>,
    situation: &MoveSituation,
    now: DateTime<Utc>,
) -> Result<Move, BookingError> {
    let MoveSituation { terms, booking, .. } = situation;
    terms.check(now)?;
    if situation.is_cancelled {
        return Err(Refusal::BookingCancelled.into());
    }
    terms.timing.check_slot(to)?;
    let stays = booking.starts_at == to;
    let has_other_teachers =
        situation.offered.as_ref().is_some_and(|offered| *offered != situation.teachers);
    if stays && !(terms.by == By::Staff && has_other_teachers) {
        return Ok(Move::Nothing);
    }
    if is_time_fixed(booking.starts_at, booking.has_record, now) {
        return Err(Refusal::BookingBegan.into());
    }
    let kept = (terms.by == By::Staff && !situation.still_there.is_empty())
        .then_some(&situation.still_there);
    let teachers = situation.offered.as_ref().or(kept).ok_or(Refusal::ClassNotOffered)?;
    let taken = Taken {
        parent: situation.parent,
        timing: terms.timing,
        classes: situation.others.iter().map(|own| (own.student, own.class)).collect(),
        claims: situation.claims.clone(),
    };
    let moved = NewBooking { student: booking.student, class: booking.class, starts_at: to };
    taken.check(&[(moved, teachers)])?;
    Ok(if stays { Move::OtherTeachers } else { Move::OtherTime })
}

/// The outcome of a request to cancel an appointment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cancel {
    /// The appointment was already cancelled.
    Nothing,
    /// The appointment is cancelled.
    Ends,
}

/// Decides whether an appointment may be cancelled.
///
/// # Errors
/// The refusals of the window (E4).
pub fn decide_cancel(
    terms: &Terms,
    is_cancelled: bool,
    now: DateTime<Utc>,
) -> Result<Cancel, Refusal> {
    if is_cancelled {
        return Ok(Cancel::Nothing);
    }
    terms.check(now).map(|()| Cancel::Ends)
}
