//! Decisions about appointments: whether they may be booked, moved or cancelled. The store loads
//! the input in the transaction that writes the result; the database's constraints decide races.

mod book;
mod change;
mod taken;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

pub use self::{
    book::{Bookable, BookingSituation, Offer, decide_booking},
    change::{Cancel, Move, MoveSituation, decide_cancel, decide_move},
};
use crate::{
    Refusal,
    evening::{BookingWindow, Timing},
    id::{BookingId, ClassId, PersonId},
};

/// An appointment that a request asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NewBooking {
    /// The student whom the appointment is about.
    pub student: PersonId,
    /// The class; the appointment is with its teachers.
    pub class: ClassId,
    /// A slot's start.
    pub starts_at: DateTime<Utc>,
}

/// A requested appointment that can't be made, with the reason.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lost {
    /// The requested appointment.
    pub booking: NewBooking,
    /// The reason.
    pub refusal: Refusal,
}

/// All requested appointments that can't be made: at least one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LostBookings {
    first: Lost,
    rest: Vec<Lost>,
}

impl LostBookings {
    /// Returns `None` if no appointment was lost.
    fn of(lost: Vec<Lost>) -> Option<Self> {
        let mut lost = lost.into_iter();
        Some(Self { first: lost.next()?, rest: lost.collect() })
    }

    /// The refusal of the first lost appointment.
    #[must_use]
    pub const fn refusal(&self) -> Refusal {
        self.first.refusal
    }

    /// All lost appointments, in the order of the request.
    pub fn iter(&self) -> impl Iterator<Item = &Lost> {
        std::iter::once(&self.first).chain(&self.rest)
    }
}

/// The reason why appointments are not made, moved or cancelled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BookingError {
    /// A rule refuses the request as a whole.
    Refused(Refusal),
    /// The times of some appointments are taken, or their class is already booked.
    Lost(LostBookings),
}

impl From<Refusal> for BookingError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// The person who makes, moves or cancels a parent's appointment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    /// The parent, while booking is open to parents (E4).
    Parent,
    /// The school's staff, on the parent's behalf, until the evening ends.
    Staff,
}

/// The times of the evening, and the person who makes the request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Terms {
    /// The person who makes the request.
    pub by: By,
    /// The evening's slots.
    pub timing: Timing,
    /// Window in which parents may book, change and cancel.
    pub window: BookingWindow,
}

impl Terms {
    /// Checks that bookings of the evening may change now (E4).
    fn check(&self, now: DateTime<Utc>) -> Result<(), Refusal> {
        if now >= self.timing.ends_at() {
            return Err(Refusal::EveningOver);
        }
        match self.by {
            By::Parent => self.window.check(now),
            By::Staff => Ok(()),
        }
    }
}

/// A live booking of the parent in the evening. A booking that staff have repeated is excluded: the
/// later booking counts for the class.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OwnBooking {
    /// The booking.
    pub id: BookingId,
    /// The student whom the appointment is about.
    pub student: PersonId,
    /// The class; the appointment is with its teachers.
    pub class: ClassId,
    /// The start.
    pub starts_at: DateTime<Utc>,
    /// A teacher has recorded something about it. Only decisions for staff depend on this.
    pub has_record: bool,
}

/// A minute since 1970 in which a person has an appointment
/// ([`claimed_minutes`](super::claimed_minutes)).
pub type Claim = (PersonId, i32);
