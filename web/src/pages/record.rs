//! What a teacher keeps of an appointment, saved by itself a moment after the last key.

use std::time::Duration;

use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*};
use parlour_wire::{AppointmentRecord, ScheduledAppointment};
use uuid::Uuid;

use crate::{api, task::spawn};

/// From the last key to the saving.
const PAUSE: Duration = Duration::from_millis(800);
/// From a failure to the next attempt.
const AGAIN: Duration = Duration::from_secs(5);

/// How far the keeping is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeping {
    /// Nothing was changed here.
    Idle,
    /// Changed, and not on its way yet.
    Changed,
    /// On its way.
    Saving,
    /// The school's server has it.
    Saved,
    /// It did not arrive; another attempt follows.
    Failed,
}

/// The record of one appointment while it is being changed. `writes` counts all that is saved on
/// the page, so that an answer from before is known to be old.
#[derive(Clone, Copy)]
pub(super) struct Record {
    pub(super) no_show: RwSignal<bool>,
    pub(super) note: RwSignal<String>,
    pub(super) state: RwSignal<Keeping>,
    /// The note has the focus: nothing from elsewhere is put into it.
    pub(super) focused: StoredValue<bool>,
    booking: Uuid,
    writes: StoredValue<u32>,
    timer: StoredValue<Option<TimeoutHandle>>,
}

impl Record {
    /// Begins with what the server has. What is not saved yet when the page is left is saved then.
    pub(super) fn new(of: &ScheduledAppointment, writes: StoredValue<u32>) -> Self {
        let record = Self {
            no_show: RwSignal::new(of.no_show),
            note: RwSignal::new(of.note.clone()),
            state: RwSignal::new(Keeping::Idle),
            focused: StoredValue::new(false),
            booking: of.booking_id,
            writes,
            timer: StoredValue::new(None),
        };
        on_cleanup(move || record.save_before_leaving());
        record
    }

    /// Takes over what was changed elsewhere, unless something was changed here.
    pub(super) fn adopt(self, of: &ScheduledAppointment) {
        if !matches!(self.state.get_untracked(), Keeping::Idle | Keeping::Saved)
            || self.focused.get_value()
        {
            return;
        }
        if self.no_show.get_untracked() != of.no_show {
            self.no_show.set(of.no_show);
        }
        if self.note.with_untracked(|note| *note != of.note) {
            self.note.set(of.note.clone());
        }
    }

    /// Something was typed.
    pub(super) fn set_note(self, note: String) {
        self.note.set(note);
        self.changed(PAUSE);
    }

    /// Marks that nobody came, or that somebody did.
    pub(super) fn toggle_no_show(self) {
        self.no_show.update(|no_show| *no_show = !*no_show);
        self.changed(Duration::ZERO);
    }

    /// Saves at once what is not saved.
    pub(super) fn save_now(self) {
        if matches!(self.state.get_untracked(), Keeping::Changed | Keeping::Failed) {
            self.save();
        }
    }

    fn changed(self, pause: Duration) {
        // While a saving is under way its end sees that there is more.
        if self.state.get_untracked() != Keeping::Saving {
            self.state.set(Keeping::Changed);
            self.save_in(pause);
        }
    }

    fn save_in(self, pause: Duration) {
        if let Some(handle) = self.timer.get_value() {
            handle.clear();
        }
        self.timer.set_value(set_timeout_with_handle(move || self.save_now(), pause).ok());
    }

    fn current(self) -> Option<AppointmentRecord> {
        Some(AppointmentRecord {
            no_show: self.no_show.try_get_untracked()?,
            note: self.note.try_get_untracked()?,
        })
    }

    fn save(self) {
        let Some(record) = self.current() else { return };
        self.state.set(Keeping::Saving);
        self.writes.update_value(|writes| *writes += 1);
        spawn(Box::pin(async move {
            let answer = api::set_record(self.booking, &record).await;
            // The page may be gone by now, and its signals with it.
            let Some(current) = self.current() else { return };
            self.writes.try_update_value(|writes| *writes += 1);
            match answer {
                Ok(_) if current == record => self.state.set(Keeping::Saved),
                Ok(_) => self.save(),
                Err(_) => {
                    self.state.set(Keeping::Failed);
                    self.save_in(AGAIN);
                }
            }
        }));
    }

    fn save_before_leaving(self) {
        if let Some(Some(handle)) = self.timer.try_get_value() {
            handle.clear();
        }
        let unsaved =
            matches!(self.state.try_get_untracked(), Some(Keeping::Changed | Keeping::Failed));
        if let Some(record) = self.current().filter(|_| unsaved) {
            let booking = self.booking;
            spawn(Box::pin(async move {
                // There is no place left to show a failure.
                let _ = api::set_record(booking, &record).await;
            }));
        }
    }
}
