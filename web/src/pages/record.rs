//! A teacher's record of an appointment, saved automatically a moment after the last key press.

use std::time::Duration;

use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*};
use parlour_wire::{AppointmentRecord, ScheduledAppointment};
use uuid::Uuid;

use crate::{api, task::spawn};

/// The delay between the last key press and the saving.
const SAVE_DELAY: Duration = Duration::from_millis(800);
/// The delay between a failure and the next attempt.
const RETRY_DELAY: Duration = Duration::from_secs(5);

/// The saving state of a record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum SaveState {
    /// The record was not changed here.
    Idle,
    /// The record was changed and is not being sent yet.
    Changed,
    /// The record is being sent.
    Saving,
    /// The server has stored the record.
    Saved,
    /// The record did not arrive; another attempt follows.
    Failed,
}

/// The record of one appointment while it is being edited. `writes` counts all saves of the page,
/// so that an answer to an earlier request is recognised as outdated.
#[derive(Clone, Copy)]
pub(super) struct RecordForm {
    pub(super) no_show: RwSignal<bool>,
    pub(super) note: RwSignal<String>,
    pub(super) state: RwSignal<SaveState>,
    /// The note has the focus, so changes made elsewhere are not written into it.
    pub(super) focused: StoredValue<bool>,
    booking: Uuid,
    writes: StoredValue<u32>,
    timer: StoredValue<Option<TimeoutHandle>>,
}

impl RecordForm {
    /// Starts with the server's values. Unsaved changes are saved when the page is left.
    pub(super) fn new(of: &ScheduledAppointment, writes: StoredValue<u32>) -> Self {
        let record = Self {
            no_show: RwSignal::new(of.no_show),
            note: RwSignal::new(of.note.clone()),
            state: RwSignal::new(SaveState::Idle),
            focused: StoredValue::new(false),
            booking: of.booking_id,
            writes,
            timer: StoredValue::new(None),
        };
        on_cleanup(move || record.save_before_leaving());
        record
    }

    /// Takes over changes made elsewhere, unless there are changes made here.
    pub(super) fn update_from(self, of: &ScheduledAppointment) {
        if !matches!(self.state.get_untracked(), SaveState::Idle | SaveState::Saved)
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

    /// Sets the note after a key press.
    pub(super) fn set_note(self, note: String) {
        self.note.set(note);
        self.changed(SAVE_DELAY);
    }

    /// Toggles the mark that nobody came.
    pub(super) fn toggle_no_show(self) {
        self.no_show.update(|no_show| *no_show = !*no_show);
        self.changed(Duration::ZERO);
    }

    /// Saves unsaved changes at once.
    pub(super) fn save_now(self) {
        if matches!(self.state.get_untracked(), SaveState::Changed | SaveState::Failed) {
            self.save();
        }
    }

    fn changed(self, pause: Duration) {
        // While a save is in progress, its completion detects the further changes.
        if self.state.get_untracked() != SaveState::Saving {
            self.state.set(SaveState::Changed);
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
        self.state.set(SaveState::Saving);
        self.writes.update_value(|writes| *writes += 1);
        spawn(Box::pin(async move {
            let answer = api::set_record(self.booking, &record).await;
            // The page and its signals may be gone by now.
            let Some(current) = self.current() else { return };
            self.writes.try_update_value(|writes| *writes += 1);
            match answer {
                Ok(_) if current == record => self.state.set(SaveState::Saved),
                Ok(_) => self.save(),
                Err(_) => {
                    self.state.set(SaveState::Failed);
                    self.save_in(RETRY_DELAY);
                }
            }
        }));
    }

    fn save_before_leaving(self) {
        if let Some(Some(handle)) = self.timer.try_get_value() {
            handle.clear();
        }
        let unsaved =
            matches!(self.state.try_get_untracked(), Some(SaveState::Changed | SaveState::Failed));
        if let Some(record) = self.current().filter(|_| unsaved) {
            let booking = self.booking;
            spawn(Box::pin(async move {
                // The page is gone, so a failure can't be shown.
                let _ = api::set_record(booking, &record).await;
            }));
        }
    }
}
