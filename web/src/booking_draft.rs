//! Booking draft as signals, stored for this tab.

use leptos::prelude::*;
pub(crate) use parlour_web_logic::booking_draft::{BookableClass, Picks};
use parlour_web_logic::booking_draft::{PickState, is_lost};
use parlour_wire::{LostBooking, Moment, NewBooking, SlotGrid, minimal_json};
use uuid::Uuid;

use crate::{browser, js::Js};

/// The chosen times of an evening.
#[derive(Clone, Copy)]
pub(crate) struct BookingDraft {
    pub(crate) picks: RwSignal<Picks>,
    /// The chosen times that somebody else booked first.
    pub(crate) lost: RwSignal<Vec<LostBooking>>,
}

impl BookingDraft {
    /// Restores the times that were chosen before in this tab. Without a key nothing is stored.
    pub(crate) fn new(key: Option<String>) -> Self {
        let picks = key
            .as_deref()
            .and_then(browser::stored_item)
            .and_then(|text| minimal_json::from_value(&Js::parse(&text)))
            .unwrap_or_default();
        let draft = Self { picks: RwSignal::new(Picks(picks)), lost: RwSignal::new(Vec::new()) };
        if let Some(key) = key {
            Effect::new(move || {
                draft.picks.with(|Picks(picks)| {
                    if picks.is_empty() {
                        browser::remove_item(&key)
                    } else {
                        browser::store_item(&key, &minimal_json::to_string(picks))
                    }
                });
            });
        }
        draft
    }

    /// Chooses a time for a class, or removes it if it was chosen.
    pub(crate) fn toggle(self, pick: NewBooking) {
        self.lost.update(|lost| {
            lost.retain(|lost| lost.class_id != pick.class_id || lost.student_id != pick.student_id)
        });
        self.picks.update(|picks| picks.toggle(pick));
    }

    /// Returns the state of a possible appointment relative to the chosen ones.
    pub(crate) fn state_of(self, pick: &NewBooking) -> PickState {
        self.picks.with(|picks| picks.state_of(pick))
    }

    /// Returns the time chosen for a class.
    pub(crate) fn time_of(self, student: Uuid, class: Uuid) -> Option<Moment> {
        self.picks.with(|picks| picks.time_of(student, class))
    }

    pub(crate) fn is_lost(self, student: Uuid, class: Uuid) -> bool {
        self.lost.with(|lost| is_lost(lost, student, class))
    }

    /// Removes the chosen times that were lost.
    pub(crate) fn remove_lost(self) {
        let lost = self.lost.get_untracked();
        self.picks.update(|picks| picks.remove_lost(&lost));
    }

    /// Removes the chosen times that the grid no longer offers, except those known to be lost.
    pub(crate) fn remove_unoffered(self, grid: &SlotGrid) {
        let mut picks = self.picks.get_untracked();
        let lost = self.lost.get_untracked();
        if picks.remove_unoffered(&grid.times, &BookableClass::all(&grid.students), &lost) {
            self.picks.set(picks);
        }
    }
}
