//! The times that were chosen and not booked yet: kept for this tab, never in two places at once.

use leptos::prelude::*;
use parlour_wire::{
    ClassSlots, LostBooking, Moment, NewBooking, SlotGrid, SlotState, Student, plain,
};
use uuid::Uuid;

use crate::{browser, js::Js};

/// A class of a student, with all that is needed to name it.
#[derive(Clone)]
pub(crate) struct Lesson {
    pub(crate) student: Student,
    pub(crate) class: ClassSlots,
}

impl Lesson {
    /// All classes of all students.
    pub(crate) fn all(grid: &SlotGrid) -> Vec<Self> {
        let of_student = |entry: &parlour_wire::StudentSlots| {
            let student = entry.student.clone();
            entry
                .classes
                .iter()
                .map(move |class| Self { student: student.clone(), class: class.clone() })
                .collect::<Vec<_>>()
        };
        grid.students.iter().flat_map(of_student).collect()
    }

    pub(crate) fn has_free_time(&self) -> bool {
        self.class.states.contains(&SlotState::Free)
    }

    /// The appointment that this would be at a time.
    pub(crate) const fn at(&self, starts_at: Moment) -> NewBooking {
        NewBooking { student_id: self.student.id, class_id: self.class.class_id, starts_at }
    }

    pub(crate) fn is_of(&self, pick: &NewBooking) -> bool {
        self.student.id == pick.student_id && self.class.class_id == pick.class_id
    }
}

/// How a free slot stands to the draft.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Can be chosen.
    Open,
    /// Is chosen.
    Chosen,
    /// Another appointment is chosen for that time: nobody is in two places at once.
    Conflict,
}

/// The chosen times of an evening.
#[derive(Clone, Copy)]
pub(crate) struct Draft {
    pub(crate) picks: RwSignal<Vec<NewBooking>>,
    /// Those that somebody else was faster with.
    pub(crate) lost: RwSignal<Vec<LostBooking>>,
}

impl Draft {
    /// What was chosen before in this tab. Without a key nothing is kept.
    pub(crate) fn new(key: Option<String>) -> Self {
        let picks = key
            .as_deref()
            .and_then(browser::kept)
            .and_then(|text| plain::read(&Js::parse(&text)))
            .unwrap_or_default();
        let draft = Self { picks: RwSignal::new(picks), lost: RwSignal::new(Vec::new()) };
        if let Some(key) = key {
            Effect::new(move || {
                draft.picks.with(|picks| {
                    if picks.is_empty() {
                        browser::forget(&key)
                    } else {
                        browser::keep(&key, &plain::text_of(picks))
                    }
                });
            });
        }
        draft
    }

    /// Chooses a time for a class, or no longer.
    pub(crate) fn toggle(self, pick: NewBooking) {
        self.lost.update(|lost| {
            lost.retain(|lost| lost.class_id != pick.class_id || lost.student_id != pick.student_id)
        });
        self.picks.update(|picks| {
            let chosen = picks.contains(&pick);
            picks.retain(|other| !same_class(other, &pick));
            if !chosen {
                picks.push(pick);
                picks.sort_by_key(|pick| pick.starts_at);
            }
        });
    }

    /// How this would-be appointment stands to those chosen.
    pub(crate) fn standing(self, pick: &NewBooking) -> Standing {
        self.picks.with(|picks| {
            match picks.iter().find(|other| other.starts_at == pick.starts_at) {
                Some(other) if same_class(other, pick) => Standing::Chosen,
                Some(_) => Standing::Conflict,
                None => Standing::Open,
            }
        })
    }

    /// The time chosen for a class.
    pub(crate) fn time_of(self, student: Uuid, class: Uuid) -> Option<Moment> {
        self.picks.with(|picks| {
            picks
                .iter()
                .find(|pick| pick.student_id == student && pick.class_id == class)
                .map(|pick| pick.starts_at)
        })
    }

    pub(crate) fn is_lost(self, student: Uuid, class: Uuid) -> bool {
        self.lost.with(|lost| {
            lost.iter().any(|lost| lost.student_id == student && lost.class_id == class)
        })
    }

    /// Lets go of the times that were lost.
    pub(crate) fn drop_lost(self) {
        let lost = self.lost.get_untracked();
        self.picks.update(|picks| {
            picks.retain(|pick| {
                !lost.iter().any(|lost| {
                    lost.student_id == pick.student_id && lost.class_id == pick.class_id
                })
            })
        });
    }

    /// Lets go of what the grid no longer offers, except what is known to be lost.
    pub(crate) fn keep_offered(self, grid: &SlotGrid) {
        let lessons = Lesson::all(grid);
        let offered = |pick: &NewBooking| {
            let place = grid.times.iter().position(|time| *time == pick.starts_at);
            let lesson = lessons.iter().find(|lesson| lesson.is_of(pick));
            place.zip(lesson).is_some_and(|(place, lesson)| {
                lesson.class.states.get(place) == Some(&SlotState::Free)
            })
        };
        let kept: Vec<_> = self
            .picks
            .get_untracked()
            .into_iter()
            .filter(|pick| self.is_lost(pick.student_id, pick.class_id) || offered(pick))
            .collect();
        if kept.len() != self.picks.with_untracked(Vec::len) {
            self.picks.set(kept);
        }
    }
}

fn same_class(a: &NewBooking, b: &NewBooking) -> bool {
    a.class_id == b.class_id && a.student_id == b.student_id
}
