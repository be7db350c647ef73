//! Evenings and schedules of a teacher.

use leptos::prelude::*;
use parlour_wire::{BookingState, Evening, Page, Schedule};

use super::run::Run;
use crate::{
    api,
    components::{EveningCard, Heading, Notice, Panel, Tone},
    query::Query,
    route::{self, router},
    texts::t,
};

#[component]
pub(crate) fn TeacherStart() -> impl IntoView {
    let evenings = Query::new(api::list_evenings);
    let router = router();
    let show = move |page: Page<Evening>| {
        let live: Vec<_> = page
            .items
            .iter()
            .filter(|evening| evening.booking_state != BookingState::Over)
            .collect();
        if let [only] = live.as_slice() {
            router.replace(&format!("/teacher/evenings/{}", only.id));
            return ().into_any();
        }
        let none = page.items.is_empty();
        let cards = page.items.into_iter().map(|evening| {
            let href = format!("teacher/evenings/{}", evening.id);
            view! {
                <li>
                    <EveningCard evening href />
                </li>
            }
        });
        view! {
            <Heading text=t().teacher_title />
            {none
                .then(|| {
                    view! {
                        <Notice tone=Tone::Plain>
                            <p>{t().teacher_none}</p>
                        </Notice>
                    }
                })}
            <ul class="cards">{cards.collect_view()}</ul>
        }
        .into_any()
    };
    view! { <Panel data=evenings show /> }
}

/// The schedule of one evening. It is fetched once as a whole; later changes are applied within the
/// page, so that typed text is not lost.
#[component]
pub(crate) fn SchedulePage() -> impl IntoView {
    let evening = route::page_id();
    let schedule = Query::new(move || api::get_schedule(evening));
    let show = |schedule: Schedule| view! { <Run schedule /> }.into_any();
    view! { <Panel data=schedule show /> }
}
