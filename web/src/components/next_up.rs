//! Next step of a teacher: the current or next appointment, the people who are present, and the
//! link to the call.

use leptos::prelude::*;
use parlour_web_logic::schedule::{AppointmentStage, next, opens_at, others};
use parlour_wire::{Schedule, ScheduledAppointment};
use uuid::Uuid;

use super::{Icon, Notice, Presence, Shape, Tone, rebuild_on_change};
use crate::{
    texts::{fill, t},
    time_format,
};

/// The next step, updated as the evening goes on.
#[component]
pub(crate) fn NextUp(
    #[prop(into)] schedule: Signal<Schedule>,
    #[prop(into)] me: Signal<Option<Uuid>>,
) -> impl IntoView {
    let now_next = Memo::new(move |_| {
        schedule.with(|schedule| {
            next(&schedule.appointments, schedule.now)
                .map(|one| (one.clone(), AppointmentStage::of(one, schedule.now)))
        })
    });
    let today = move || {
        schedule
            .with(|schedule| schedule.now.date_naive() == schedule.evening.starts_at.date_naive())
    };
    // The card is rebuilt only for another appointment or stage, so that the link keeps the focus
    // while people come and go.
    let which = Memo::new(move |_| now_next.get().map(|(one, stage)| (one.booking_id, stage)));
    let people = Memo::new(move |_| {
        now_next.get().map(|(one, _)| others(&one, me.get())).unwrap_or_default()
    });
    let card = move |one: ScheduledAppointment, stage: AppointmentStage| {
        let heading = if stage == AppointmentStage::Running { t().run_now } else { t().run_next };
        let time = time_format::format_time(&one.starts_at);
        let when = if today() {
            time
        } else {
            fill(
                t().run_day,
                &[("day", &time_format::format_date(&one.starts_at)), ("time", &time)],
            )
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
                let opens = time_format::format_time(&opens_at(&one));
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
                    <time class="time" datetime=time_format::to_rfc3339(&one.starts_at)>
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
    rebuild_on_change(move || match which.get() {
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
