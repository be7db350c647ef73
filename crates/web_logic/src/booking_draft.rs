//! The booking draft: the times that a parent has chosen but not booked yet, at most one per
//! moment.

use parlour_wire::{ClassSlots, LostBooking, Moment, NewBooking, SlotState, Student, StudentSlots};
use uuid::Uuid;

/// A class of a student, with the data needed to display it.
#[derive(Clone)]
pub struct BookableClass {
    /// The student.
    pub student: Student,
    /// The class with the states of its slots.
    pub class: ClassSlots,
}

impl BookableClass {
    /// Returns every class of every student.
    #[must_use]
    pub fn all(students: &[StudentSlots]) -> Vec<Self> {
        let of_student = |entry: &StudentSlots| {
            let student = entry.student.clone();
            entry
                .classes
                .iter()
                .map(move |class| Self { student: student.clone(), class: class.clone() })
                .collect::<Vec<_>>()
        };
        students.iter().flat_map(of_student).collect()
    }

    /// Returns whether at least one slot of the class is free.
    #[must_use]
    pub fn has_free_time(&self) -> bool {
        self.class.states.contains(&SlotState::Free)
    }

    /// Returns the booking request for this class at a given time.
    #[must_use]
    pub const fn at(&self, starts_at: Moment) -> NewBooking {
        NewBooking { student_id: self.student.id, class_id: self.class.class_id, starts_at }
    }

    /// Returns whether a chosen time belongs to this class and student.
    #[must_use]
    pub fn is_of(&self, pick: &NewBooking) -> bool {
        self.student.id == pick.student_id && self.class.class_id == pick.class_id
    }
}

/// The state of a free slot relative to the draft.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PickState {
    /// The slot can be chosen.
    Open,
    /// The slot is chosen.
    Chosen,
    /// Another appointment is chosen for that time: nobody is in two places at once.
    Conflict,
}

/// The chosen times of an evening, sorted by time.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Picks(pub Vec<NewBooking>);

impl Picks {
    /// Chooses a time for a class, which replaces the time chosen before. If the same time is
    /// already chosen, it is removed instead.
    pub fn toggle(&mut self, pick: NewBooking) {
        let was_chosen = self.0.contains(&pick);
        self.0.retain(|other| !same_class(other, &pick));
        if !was_chosen {
            self.0.push(pick);
            self.0.sort_by_key(|pick| pick.starts_at);
        }
    }

    /// Returns the state of a possible appointment.
    #[must_use]
    pub fn state_of(&self, pick: &NewBooking) -> PickState {
        match self.0.iter().find(|other| other.starts_at == pick.starts_at) {
            Some(other) if same_class(other, pick) => PickState::Chosen,
            Some(_) => PickState::Conflict,
            None => PickState::Open,
        }
    }

    /// Returns the time chosen for a class of a student.
    #[must_use]
    pub fn time_of(&self, student: Uuid, class: Uuid) -> Option<Moment> {
        let of_class = |pick: &&NewBooking| pick.student_id == student && pick.class_id == class;
        self.0.iter().find(of_class).map(|pick| pick.starts_at)
    }

    /// Removes the chosen times that somebody else booked first.
    pub fn remove_lost(&mut self, lost: &[LostBooking]) {
        self.0.retain(|pick| !is_lost(lost, pick.student_id, pick.class_id));
    }

    /// Removes the chosen times that are not free any more, except those known to be lost. `times`
    /// are the times of the evening. Returns whether any time was removed.
    pub fn remove_unoffered(
        &mut self,
        times: &[Moment],
        lessons: &[BookableClass],
        lost: &[LostBooking],
    ) -> bool {
        let offered = |pick: &NewBooking| {
            let place = times.iter().position(|time| *time == pick.starts_at);
            let lesson = lessons.iter().find(|lesson| lesson.is_of(pick));
            place.zip(lesson).is_some_and(|(place, lesson)| {
                lesson.class.states.get(place) == Some(&SlotState::Free)
            })
        };
        let before = self.0.len();
        self.0.retain(|pick| is_lost(lost, pick.student_id, pick.class_id) || offered(pick));
        self.0.len() != before
    }
}

/// Returns whether the time chosen for a class of a student was lost.
#[must_use]
pub fn is_lost(lost: &[LostBooking], student: Uuid, class: Uuid) -> bool {
    lost.iter().any(|lost| lost.student_id == student && lost.class_id == class)
}

fn same_class(a: &NewBooking, b: &NewBooking) -> bool {
    a.class_id == b.class_id && a.student_id == b.student_id
}

#[cfg(test)]
mod tests;
