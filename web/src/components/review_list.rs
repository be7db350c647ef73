//! List of the chosen appointments, before they are booked.

use leptos::prelude::*;
use parlour_wire::NewBooking;

use super::{Icon, Shape, names};
use crate::{
    booking_draft::{BookableClass, BookingDraft},
    texts::t,
    time_format,
};

/// The chosen appointments, each with a button that removes it. Lost ones are marked.
#[component]
pub(crate) fn ReviewList(
    lessons: StoredValue<Vec<BookableClass>>,
    draft: BookingDraft,
) -> impl IntoView {
    let row = move |pick: NewBooking| {
        let lesson = lessons
            .with_value(|lessons| lessons.iter().find(|lesson| lesson.is_of(&pick)).cloned())?;
        let lost = draft.is_lost(pick.student_id, pick.class_id);
        Some(view! {
            <li class:lost=lost>
                <time
                    class="time"
                    datetime=time_format::to_rfc3339(&pick.starts_at)
                    translate="no"
                    prop:textContent=time_format::format_time(&pick.starts_at)
                ></time>
                <span class="grow">
                    <strong translate="no" prop:textContent=names(&lesson.class.teachers)></strong>
                    <span
                        class="soft"
                        prop:textContent=[&lesson.student.name, " · ", &lesson.class.subject]
                            .concat()
                    ></span>
                    {lost
                        .then(|| {
                            view! {
                                <span class="tag stop">
                                    <Icon shape=Shape::Warning />
                                    {t().just_taken}
                                </span>
                            }
                        })}
                </span>
                <button
                    class="action stop"
                    type="button"
                    aria-label=[
                        t().remove,
                        " ",
                        &time_format::format_time(&pick.starts_at),
                        " ",
                        &names(&lesson.class.teachers),
                    ]
                        .concat()
                    on:click=move |_| draft.toggle(pick)
                >
                    {t().remove}
                </button>
            </li>
        })
    };
    let rows = move || draft.picks.get().0.into_iter().map(row).collect_view();
    view! { <ul class="review">{rows}</ul> }
}
