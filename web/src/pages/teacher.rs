//! A teacher's evenings and schedules.

use leptos::prelude::*;
use parlour_wire::{BookingState, Evening, Page, Schedule, ScheduledAppointment};
use uuid::Uuid;

use crate::{
    api,
    ask::Ask,
    components::{Appointments, EveningCard, Heading, Icon, Line, Notice, Panel, Shape, Tone, names, when},
    route::{self, router},
    texts::{count, fill, t},
};

#[component]
pub(crate) fn TeacherStart() -> impl IntoView {
    let evenings = Ask::new(api::list_evenings);
    let router = router();
    let show = move |page: Page<Evening>| {
        let live: Vec<_> = page.items.iter().filter(|evening| evening.booking_state != BookingState::Over).collect();
        if let [only] = live.as_slice() {
            router.replace(&format!("/teacher/evenings/{}", only.id));
            return ().into_any();
        }
        let none = page.items.is_empty();
        let cards = page.items.into_iter().map(|evening| {
            let href = format!("teacher/evenings/{}", evening.id);
            view! { <li><EveningCard evening href /></li> }
        });
        view! {
            <Heading text=t().teacher_title />
            {none.then(|| view! { <Notice tone=Tone::Plain><p>{t().teacher_none}</p></Notice> })}
            <ul class="cards">{cards.collect_view()}</ul>
        }
        .into_any()
    };
    view! { <Panel data=evenings show /> }
}

#[component]
pub(crate) fn SchedulePage() -> impl IntoView {
    view! { <SchedulePanel evening=route::page_id() /> }
}

#[component]
fn SchedulePanel(evening: Uuid) -> impl IntoView {
    let schedule = Ask::new(move || api::get_schedule(evening));
    let show = |schedule: Schedule| {
        let number = schedule.appointments.len();
        let lines = schedule.appointments.into_iter().map(line).collect::<Vec<_>>();
        let body = if lines.is_empty() {
            view! { <Notice tone=Tone::Plain><p>{t().schedule_empty}</p></Notice> }.into_any()
        } else {
            view! { <Appointments lines /> }.into_any()
        };
        view! {
            <Heading text=t().schedule_title />
            <p class="lede">{[&schedule.evening.title, ". ", &when(&schedule.evening)].concat()}</p>
            <div class="bar">
                <span class="soft">{count(t().appointments, number)}</span>
                <button class="btn quiet push" type="button" on:click=move |_| { let _ = window().print(); }>
                    <Icon shape=Shape::Print />
                    {t().print}
                </button>
            </div>
            {body}
        }
        .into_any()
    };
    view! { <Panel data=schedule show /> }
}

fn line(appointment: ScheduledAppointment) -> Line {
    let with = if appointment.teachers.len() > 1 { Some(names(&appointment.teachers)) } else { None };
    let guest = appointment.guest.map(|guest| fill(t().joined_by, &[("names", &guest)]));
    let more: Vec<String> = guest.into_iter().chain(with).collect();
    Line {
        starts_at: appointment.starts_at,
        who: appointment.student.name,
        about: [&appointment.subject, " · ", &appointment.parent].concat(),
        more: (!more.is_empty()).then(|| more.join(" · ")),
        video: appointment.video,
    }
}
