//! Decisions about appointments: whether they may be booked, moved or cancelled. The store loads
//! what decides in the transaction that will write; the database's constraints decide races.

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

/// An appointment that is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NewBooking {
    /// About whom.
    pub student: PersonId,
    /// With whose teachers.
    pub class: ClassId,
    /// A slot's start.
    pub starts_at: DateTime<Utc>,
}

/// An appointment that could not be made, and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lost {
    /// Which.
    pub booking: NewBooking,
    /// Why.
    pub refusal: Refusal,
}

/// Appointments that could not be made: at least one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LostBookings {
    first: Lost,
    rest: Vec<Lost>,
}

impl LostBookings {
    /// None where nothing was lost.
    fn of(lost: Vec<Lost>) -> Option<Self> {
        let mut lost = lost.into_iter();
        Some(Self { first: lost.next()?, rest: lost.collect() })
    }

    /// Why the first one was lost.
    #[must_use]
    pub const fn refusal(&self) -> Refusal {
        self.first.refusal
    }

    /// All of them, in the order in which they were asked for.
    pub fn iter(&self) -> impl Iterator<Item = &Lost> {
        std::iter::once(&self.first).chain(&self.rest)
    }
}

/// Why appointments are not made, moved or cancelled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BookingError {
    /// A rule stands against the request as a whole.
    Refused(Refusal),
    /// The times of some appointments are taken, or their class is booked already.
    Lost(LostBookings),
}

impl From<Refusal> for BookingError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Who makes, moves or cancels an appointment of a parent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    /// The parent, as long as booking is open to parents (E4).
    Parent,
    /// The school's staff in the parent's name, until the evening ends.
    Staff,
}

/// The times of the evening, and who asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Terms {
    /// Who asks.
    pub by: By,
    /// The evening's slots.
    pub timing: Timing,
    /// When parents may book, change and cancel.
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

/// A live booking that the parent has in the evening. One that staff made another beside is none:
/// the later one stands for its class.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OwnBooking {
    /// Which.
    pub id: BookingId,
    /// About whom.
    pub student: PersonId,
    /// With whose teachers.
    pub class: ClassId,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// A teacher has made a record of it. Only what staff may do depends on it.
    pub has_record: bool,
}

/// A minute since 1970 in which a person has an appointment
/// ([`claimed_minutes`](super::claimed_minutes)).
pub type Claim = (PersonId, i32);
