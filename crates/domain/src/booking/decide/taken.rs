//! What stands in the way of appointments: nobody is in two places (E1).

use std::collections::BTreeSet;

use super::{BookingError, Claim, Lost, LostBookings, NewBooking};
use crate::{
    Refusal,
    booking::claimed_minutes,
    evening::Timing,
    id::{ClassId, PersonId},
};

/// Classes that are booked, and minutes that are claimed.
pub(super) struct Taken {
    /// Whose appointments these are.
    pub parent: PersonId,
    /// The evening's slots.
    pub timing: Timing,
    /// Students and classes that are booked.
    pub classes: BTreeSet<(PersonId, ClassId)>,
    /// Who is busy in which minute.
    pub claims: BTreeSet<Claim>,
}

impl Taken {
    /// Checks appointments with their teachers. Those that can be had stand in the way of the rest.
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
