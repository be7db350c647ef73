//! The teacher's next step: the appointment that runs or comes next, who of it is there, and the
//! way in.

use leptos::prelude::*;
use parlour_domain::call::ENTRY_LEAD;
use parlour_wire::{ExpectedPerson, Moment, PresenceState, Schedule, ScheduledAppointment};
use uuid::Uuid;

use super::{Icon, Notice, Presence, Shape, Tone, fresh};
use crate::{
    moments,
    texts::{fill, t},
};

/// Where an appointment stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Its call can't be entered yet.
    Early,
    /// It can be entered, and has not begun.
    Open,
    /// It runs.
    Running,
    /// It is over.
    Over,
}

impl Stage {
    pub(crate) fn of(one: &ScheduledAppointment, now: Moment) -> Self {
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
    pub(crate) const fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Running)
    }
}

fn opens_at(one: &ScheduledAppointment) -> Moment {
    one.starts_at - ENTRY_LEAD
}

/// All others who belong to an appointment.
pub(crate) fn others(one: &ScheduledAppointment, me: Option<Uuid>) -> Vec<ExpectedPerson> {
    one.people.iter().filter(|person| Some(person.id) != me).cloned().collect()
}

/// The appointment that runs, or the next one; none when the last one is over.
pub(crate) fn next(schedule: &Schedule) -> Option<&ScheduledAppointment> {
    schedule
        .appointments
        .iter()
        .find(|one| Stage::of(one, schedule.now) != Stage::Over && !one.no_show)
}

/// Who waits for this teacher now: they have come, and the teacher is not with them.
pub(crate) fn waiting(
    schedule: &Schedule,
    me: Option<Uuid>,
) -> Vec<(ScheduledAppointment, Vec<String>)> {
    let is_open = |one: &&ScheduledAppointment| Stage::of(one, schedule.now).is_open();
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
    let open = schedule.appointments.iter().filter(is_open).filter(|one| !is_mine(one));
    open.map(|one| (one.clone(), come(one))).filter(|(_, names)| !names.is_empty()).collect()
}

/// The next step, followed as the evening goes on.
#[component]
pub(crate) fn NextUp(
    #[prop(into)] schedule: Signal<Schedule>,
    #[prop(into)] me: Signal<Option<Uuid>>,
) -> impl IntoView {
    let now_next = Memo::new(move |_| {
        schedule
            .with(|schedule| next(schedule).map(|one| (one.clone(), Stage::of(one, schedule.now))))
    });
    let today = move || {
        schedule
            .with(|schedule| schedule.now.date_naive() == schedule.evening.starts_at.date_naive())
    };
    // The card itself is made anew only for another appointment or stage: the way in keeps the
    // focus while people come and go.
    let which = Memo::new(move |_| now_next.get().map(|(one, stage)| (one.booking_id, stage)));
    let people = Memo::new(move |_| {
        now_next.get().map(|(one, _)| others(&one, me.get())).unwrap_or_default()
    });
    let card = move |one: ScheduledAppointment, stage: Stage| {
        let heading = if stage == Stage::Running { t().run_now } else { t().run_next };
        let time = moments::clock(&one.starts_at);
        let when = if today() {
            time
        } else {
            fill(t().run_day, &[("day", &moments::day(&one.starts_at)), ("time", &time)])
        };
        let step = match (one.video, stage.is_open()) {
            (false, _) => view! {
                <p class="place">
                    <Icon shape=Shape::Person />
                    {t().run_at_school}
                </p>
            }
            .into_any(),
            (true, false) => {
                let opens = moments::clock(&opens_at(&one));
                view! { <p class="soft">{fill(t().run_opens, &[("time", &opens)])}</p> }.into_any()
            }
            (true, true) => view! {
                <a class="btn primary" href=format!("calls/{}", one.booking_id)>
                    <Icon shape=Shape::Video />
                    {t().run_enter}
                </a>
            }
            .into_any(),
        };
        view! {
            <section class="card next-up" aria-labelledby="next-up">
                <h2 id="next-up">{heading}</h2>
                <p class="big">
                    <time class="time" datetime=moments::machine(&one.starts_at)>
                        {when}
                    </time>
                    <strong translate="no">{one.student.name}</strong>
                </p>
                <p>{[&one.subject, " · ", &one.parent].concat()}</p>
                {stage.is_open().then(|| view! { <Presence people /> })}
                {step}
            </section>
        }
        .into_any()
    };
    fresh(move || match which.get() {
        Some(_) => match now_next.get_untracked() {
            Some((one, stage)) => card(one, stage),
            None => ().into_any(),
        },
        None => {
            let over = schedule.with_untracked(|schedule| schedule.now >= schedule.evening.ends_at);
            view! {
                <Notice tone=Tone::Plain>
                    <p>{if over { t().run_over } else { t().run_done }}</p>
                </Notice>
            }
            .into_any()
        }
    })
}
