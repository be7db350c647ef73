//! The decision whether appointments may be booked: all appointments of a request, or none.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{BookingError, By, Claim, NewBooking, OwnBooking, Terms, taken::Taken};
use crate::{
    Refusal,
    booking::is_time_fixed,
    id::{BookingId, ClassId, PersonId},
};

/// A class that is offered to a student of the parent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Offer {
    /// The student.
    pub student: PersonId,
    /// The class.
    pub class: ClassId,
    /// The teachers of the class.
    pub teachers: BTreeSet<PersonId>,
}

/// The data that the decision about a booking request needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BookingSituation {
    /// The evening's times, and the person who makes the request.
    pub terms: Terms,
    /// The parent whose appointments these are.
    pub parent: PersonId,
    /// The requested classes that are offered to the parent's students.
    pub offers: Vec<Offer>,
    /// The parent's live bookings of the evening.
    pub own: Vec<OwnBooking>,
    /// The time claims on the parent, the students and the teachers.
    pub claims: BTreeSet<Claim>,
}

/// An appointment that may be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bookable {
    /// The appointment.
    pub booking: NewBooking,
    /// The earlier booking of the same class, which keeps its time and which staff repeat by this
    /// one.
    pub repeats: Option<BookingId>,
}

/// Decides whether all these appointments may be booked. A class is booked once per student; only
/// staff may book it again, beside an appointment that keeps its time.
///
/// # Errors
/// The refusals of the window (E4); [`Refusal::NothingChosen`], [`Refusal::ClassNotOffered`],
/// [`Refusal::NotASlot`] (E2); otherwise all lost appointments (E1). A booking of the student's
/// other parent looks exactly like a busy teacher (E6).
pub fn decide_booking(
    wanted: &[NewBooking],
    situation: &BookingSituation,
    now: DateTime<Utc>,
) -> Result<Vec<Bookable>, BookingError> {
    situation.terms.check(now)?;
    if wanted.is_empty() {
        return Err(Refusal::NothingChosen.into());
    }
    let offer = |booking: &NewBooking| {
        situation
            .offers
            .iter()
            .find(|offer| offer.student == booking.student && offer.class == booking.class)
            .ok_or(Refusal::ClassNotOffered)
    };
    let mut chosen = Vec::with_capacity(wanted.len());
    for booking in wanted {
        let teachers = &offer(booking)?.teachers;
        situation.terms.timing.check_slot(booking.starts_at)?;
        chosen.push((*booking, teachers));
    }
    let is_repeatable = |own: &OwnBooking| {
        situation.terms.by == By::Staff && is_time_fixed(own.starts_at, own.has_record, now)
    };
    let (begun, in_the_way): (Vec<&OwnBooking>, Vec<&OwnBooking>) =
        situation.own.iter().partition(|own| is_repeatable(own));
    let taken = Taken {
        parent: situation.parent,
        timing: situation.terms.timing,
        classes: in_the_way.into_iter().map(|own| (own.student, own.class)).collect(),
        claims: situation.claims.clone(),
    };
    taken.check(&chosen)?;
    let repeats = |booking: &NewBooking| {
        let same =
            |own: &&&OwnBooking| own.student == booking.student && own.class == booking.class;
        begun.iter().find(same).map(|own| own.id)
    };
    let bookable = |(booking, _)| Bookable { booking, repeats: repeats(&booking) };
    Ok(chosen.into_iter().map(bookable).collect())
}
