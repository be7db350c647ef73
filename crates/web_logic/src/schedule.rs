//! A teacher's evening: where an appointment stands, which one is next, who waits.

use parlour_domain::call::ENTRY_LEAD;
use parlour_wire::{ExpectedPerson, Moment, PresenceState, ScheduledAppointment};
use uuid::Uuid;

/// Where an appointment stands in time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AppointmentStage {
    /// Its call can't be entered yet.
    Early,
    /// It can be entered, and has not begun.
    Open,
    /// It runs.
    Running,
    /// It is over.
    Over,
}

impl AppointmentStage {
    /// The stage of an appointment at a time.
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

    /// Whether one may enter its call.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Running)
    }
}

/// When an appointment's call can be entered.
#[must_use]
pub fn opens_at(one: &ScheduledAppointment) -> Moment {
    one.starts_at - ENTRY_LEAD
}

/// All others who belong to an appointment.
#[must_use]
pub fn others(one: &ScheduledAppointment, me: Option<Uuid>) -> Vec<ExpectedPerson> {
    one.people.iter().filter(|person| Some(person.id) != me).cloned().collect()
}

/// The appointment that runs, or the next one; none when the last one is over.
#[must_use]
pub fn next(all: &[ScheduledAppointment], now: Moment) -> Option<&ScheduledAppointment> {
    all.iter().find(|one| AppointmentStage::of(one, now) != AppointmentStage::Over && !one.no_show)
}

/// Who waits for this teacher now: they have come, and the teacher is not with them.
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
