//! The times that were chosen and not booked yet: never two at one time.

use parlour_wire::{ClassSlots, LostBooking, Moment, NewBooking, SlotState, Student, StudentSlots};
use uuid::Uuid;

/// A class of a student, with all that is needed to name it.
#[derive(Clone)]
pub struct BookableClass {
    /// The student.
    pub student: Student,
    /// The class with the states of its slots.
    pub class: ClassSlots,
}

impl BookableClass {
    /// All classes of all students.
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

    /// Whether any of its times is free.
    #[must_use]
    pub fn has_free_time(&self) -> bool {
        self.class.states.contains(&SlotState::Free)
    }

    /// The appointment that this would be at a time.
    #[must_use]
    pub const fn at(&self, starts_at: Moment) -> NewBooking {
        NewBooking { student_id: self.student.id, class_id: self.class.class_id, starts_at }
    }

    /// Whether a chosen time is one of this class and student.
    #[must_use]
    pub fn is_of(&self, pick: &NewBooking) -> bool {
        self.student.id == pick.student_id && self.class.class_id == pick.class_id
    }
}

/// A free slot beside the draft.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PickState {
    /// It can be chosen.
    Open,
    /// It is chosen.
    Chosen,
    /// Another appointment is chosen for that time: nobody is in two places at once.
    Conflict,
}

/// The chosen times of an evening, in their order.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Picks(pub Vec<NewBooking>);

impl Picks {
    /// Chooses a time for a class in place of the one that it had; the same time is given up.
    pub fn toggle(&mut self, pick: NewBooking) {
        let was_chosen = self.0.contains(&pick);
        self.0.retain(|other| !same_class(other, &pick));
        if !was_chosen {
            self.0.push(pick);
            self.0.sort_by_key(|pick| pick.starts_at);
        }
    }

    /// The state of a would-be appointment.
    #[must_use]
    pub fn state_of(&self, pick: &NewBooking) -> PickState {
        match self.0.iter().find(|other| other.starts_at == pick.starts_at) {
            Some(other) if same_class(other, pick) => PickState::Chosen,
            Some(_) => PickState::Conflict,
            None => PickState::Open,
        }
    }

    /// The time chosen for a class.
    #[must_use]
    pub fn time_of(&self, student: Uuid, class: Uuid) -> Option<Moment> {
        let of_class = |pick: &&NewBooking| pick.student_id == student && pick.class_id == class;
        self.0.iter().find(of_class).map(|pick| pick.starts_at)
    }

    /// Gives up the times that somebody else was faster with.
    pub fn remove_lost(&mut self, lost: &[LostBooking]) {
        self.0.retain(|pick| !is_lost(lost, pick.student_id, pick.class_id));
    }

    /// Gives up what is not free any more at these times of an evening, except what is known to be
    /// lost. Returns whether anything was given up.
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

/// Whether the time chosen for a class was lost.
#[must_use]
pub fn is_lost(lost: &[LostBooking], student: Uuid, class: Uuid) -> bool {
    lost.iter().any(|lost| lost.student_id == student && lost.class_id == class)
}

fn same_class(a: &NewBooking, b: &NewBooking) -> bool {
    a.class_id == b.class_id && a.student_id == b.student_id
}

#[cfg(test)]
mod tests;
