//! Decisions about appointments: whether they may be booked, moved or cancelled. The store loads
//! what decides in the transaction that will write; the database's constraints decide races.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{claimed_minutes, keeps_its_time};
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

/// A class that is offered to a student of the parent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Offer {
    /// To whom.
    pub student: PersonId,
    /// Which class.
    pub class: ClassId,
    /// Who teaches it.
    pub teachers: BTreeSet<PersonId>,
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

/// A minute since 1970 in which a person has an appointment ([`claimed_minutes`]).
pub type Claim = (PersonId, i32);

/// What decides whether appointments may be booked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BookingSituation {
    /// The evening's times, and who asks.
    pub terms: Terms,
    /// Whose appointments these are.
    pub parent: PersonId,
    /// The classes asked for, as far as they are offered to the parent's students.
    pub offers: Vec<Offer>,
    /// The parent's bookings of the evening.
    pub own: Vec<OwnBooking>,
    /// The claims on the parent, the students and the teachers.
    pub claims: BTreeSet<Claim>,
}

/// An appointment that may be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bookable {
    /// The appointment.
    pub booking: NewBooking,
    /// The booking of the same class that keeps its time, and beside which staff make this one.
    pub repeats: Option<BookingId>,
}

/// Decides whether all these appointments may be booked. A class is booked once for a student, but
/// by staff again beside an appointment that keeps its time.
///
/// # Errors
/// The refusals of the window (E4); [`Refusal::NothingChosen`], [`Refusal::ClassNotOffered`],
/// [`Refusal::NotASlot`] (E2); else all that are lost (E1): what another parent of the student has
/// booked looks exactly like a busy teacher (E6).
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
        situation.terms.by == By::Staff && keeps_its_time(own.starts_at, own.has_record, now)
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

/// What decides whether an appointment may be moved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MoveSituation {
    /// The evening's times, and who asks.
    pub terms: Terms,
    /// Whose appointment it is.
    pub parent: PersonId,
    /// The appointment.
    pub booking: OwnBooking,
    /// It was cancelled.
    pub is_cancelled: bool,
    /// Those whom the appointment is with.
    pub teachers: BTreeSet<PersonId>,
    /// Those who teach the class now; none where it is not offered to the student any more.
    pub offered: Option<BTreeSet<PersonId>>,
    /// The appointment's teachers who are still at the school; empty where nobody is.
    pub still_there: BTreeSet<PersonId>,
    /// The parent's other bookings of the evening.
    pub others: Vec<OwnBooking>,
    /// The claims of other appointments on the parent, the student and the teachers.
    pub claims: BTreeSet<Claim>,
}

/// What becomes of an appointment that is to be moved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Move {
    /// It stays as it is.
    Nothing,
    /// It keeps its time and is given to the teachers whom the class has now.
    OtherTeachers,
    /// It gets the new time, and the teachers whom the class has now.
    OtherTime,
}

/// Decides whether an appointment may be moved to another time. At its own time staff give it to
/// the teachers whom the class has now. A stranded one, whose class is not offered to its student
/// any more, is moved by staff alone, and keeps those of its teachers who are still at the school.
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
    if keeps_its_time(booking.starts_at, booking.has_record, now) {
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

/// What becomes of an appointment that is to be cancelled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cancel {
    /// It was cancelled before and stays so.
    Nothing,
    /// It ends.
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

/// What stands in the way of appointments: classes that are booked, and minutes that are claimed.
struct Taken {
    parent: PersonId,
    timing: Timing,
    classes: BTreeSet<(PersonId, ClassId)>,
    claims: BTreeSet<Claim>,
}

impl Taken {
    /// Checks appointments with their teachers. Those that can be had stand in the way of the rest.
    fn check(mut self, chosen: &[(NewBooking, &BTreeSet<PersonId>)]) -> Result<(), BookingError> {
        let mut lost = Vec::new();
        for (booking, teachers) in chosen {
            match self.refusal(booking, teachers) {
                Some(refusal) => lost.push(Lost { booking: *booking, refusal }),
                None => self.add(booking, teachers),
            }
        }
        LostBookings::of(lost).map_or(Ok(()), |lost| Err(BookingError::Lost(lost)))
    }

    fn refusal(&self, booking: &NewBooking, teachers: &BTreeSet<PersonId>) -> Option<Refusal> {
        let is_busy = |person: &PersonId| {
            self.minutes(booking).any(|minute| self.claims.contains(&(*person, minute)))
        };
        if self.classes.contains(&(booking.student, booking.class)) {
            Some(Refusal::AlreadyBooked)
        } else if is_busy(&self.parent) {
            Some(Refusal::PersonBusy)
        } else if is_busy(&booking.student) || teachers.iter().any(is_busy) {
            Some(Refusal::SlotTaken)
        } else {
            None
        }
    }

    fn add(&mut self, booking: &NewBooking, teachers: &BTreeSet<PersonId>) {
        self.classes.insert((booking.student, booking.class));
        let minutes: Vec<i32> = self.minutes(booking).collect();
        for person in teachers.iter().chain([&self.parent, &booking.student]) {
            self.claims.extend(minutes.iter().map(|minute| (*person, *minute)));
        }
    }

    fn minutes(&self, booking: &NewBooking) -> impl Iterator<Item = i32> + use<> {
        claimed_minutes(booking.starts_at, self.timing.slot_length())
    }
}

#[cfg(test)]
mod tests;
