//! Schedule of a teacher's evening: the stages of appointments, the next appointment, and the
//! people who are waiting.

use parlour_domain::call::ENTRY_LEAD;
use parlour_wire::{ExpectedPerson, Moment, PresenceState, ScheduledAppointment};
use uuid::Uuid;

/// The stage of an appointment in time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AppointmentStage {
    /// The call can't be entered yet.
    Early,
    /// The call can be entered; the appointment has not begun.
    Open,
    /// The appointment is under way.
    Running,
    /// The appointment is over.
    Over,
}

impl AppointmentStage {
    /// Returns the stage of an appointment at a given time.
    #[must_use]
    pub fn of(one: &ScheduledAppointment, now: Moment) -> Self {
        if now >= one.ends_at {
            Self::Over
        } else if now >= one.starts_at {
            Self::Running
        } else if now >= opens_at(one) {
            Self::Open
        } else {
            Self::Early
        }
    }

    /// Returns whether the call of the appointment can be entered.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Running)
    }
}

/// Returns the time from which an appointment's call can be entered.
#[must_use]
pub fn opens_at(one: &ScheduledAppointment) -> Moment {
    one.starts_at - ENTRY_LEAD
}

/// Returns the people of an appointment other than `me`.
#[must_use]
pub fn others(one: &ScheduledAppointment, me: Option<Uuid>) -> Vec<ExpectedPerson> {
    one.people.iter().filter(|person| Some(person.id) != me).cloned().collect()
}

/// Returns the first appointment that is not over and not marked as a no-show; `None` after the
/// last one.
#[must_use]
pub fn next(all: &[ScheduledAppointment], now: Moment) -> Option<&ScheduledAppointment> {
    all.iter().find(|one| AppointmentStage::of(one, now) != AppointmentStage::Over && !one.no_show)
}

/// Returns the appointments in which people wait for this teacher, with the names of those people.
/// They are in the call or in its queue, and the teacher is not in the call.
#[must_use]
pub fn waiting(
    all: &[ScheduledAppointment],
    now: Moment,
    me: Option<Uuid>,
) -> Vec<(ScheduledAppointment, Vec<String>)> {
    let is_mine = |one: &ScheduledAppointment| {
        one.people
            .iter()
            .any(|person| Some(person.id) == me && person.state == PresenceState::InCall)
    };
    let come = |one: &ScheduledAppointment| {
        let here = others(one, me).into_iter().filter(|person| {
            matches!(person.state, PresenceState::InCall | PresenceState::Waiting)
        });
        here.map(|person| person.name).collect::<Vec<_>>()
    };
    let open = all.iter().filter(|one| AppointmentStage::of(one, now).is_open() && !is_mine(one));
    open.map(|one| (one.clone(), come(one))).filter(|(_, names)| !names.is_empty()).collect()
}

#[cfg(test)]
mod tests;
