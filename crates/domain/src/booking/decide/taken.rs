//! Conflicts of requested appointments with existing ones: nobody is in two places at once (E1).

use std::collections::BTreeSet;

use super::{BookingError, Claim, Lost, LostBookings, NewBooking};
use crate::{
    Refusal,
    booking::claimed_minutes,
    evening::Timing,
    id::{ClassId, PersonId},
};

/// Booked classes and claimed minutes.
pub(super) struct Taken {
    /// The parent whose appointments these are.
    pub parent: PersonId,
    /// The evening's slots.
    pub timing: Timing,
    /// Booked classes, by student.
    pub classes: BTreeSet<(PersonId, ClassId)>,
    /// Minutes in which a person is busy.
    pub claims: BTreeSet<Claim>,
}

impl Taken {
    /// Checks appointments with their teachers. Each accepted appointment blocks the later ones.
    pub(super) fn check(
        mut self,
        chosen: &[(NewBooking, &BTreeSet<PersonId>)],
    ) -> Result<(), BookingError> {
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
