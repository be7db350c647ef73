//! Slots of a student's classes: a table on wide screens, a list of choosers on a phone.
#![expect(clippy::needless_pass_by_value, reason = "a component owns its props")]

use leptos::prelude::*;
use parlour_web_logic::booking_draft::PickState;
use parlour_wire::{Moment, SlotState};
use web_sys::HtmlElement;

use super::{Icon, Shape, names, rebuild_on_change};
use crate::{
    booking_draft::{BookableClass, BookingDraft},
    browser,
    texts::{count, fill, t},
    time_format,
};

/// A table of times and classes. The arrow keys move between the free times.
#[component]
pub(crate) fn SlotTable(
    caption: String,
    lessons: Vec<BookableClass>,
    times: Vec<Moment>,
    draft: BookingDraft,
) -> impl IntoView {
    // Roving tabindex: the Tab key reaches one button of the table, the one that had the focus last
    // or the first free time.
    let first = times.iter().enumerate().find_map(|(row, _)| {
        let column = lessons
            .iter()
            .position(|lesson| lesson.class.states.get(row) == Some(&SlotState::Free))?;
        Some((row, column))
    });
    let reached = RwSignal::new(first.unwrap_or_default());
    let label = caption.clone();
    let heads = lessons.iter().map(|lesson| {
        let (student, class) = (lesson.student.id, lesson.class.class_id);
        view! {
            <th scope="col">
                <strong>{lesson.class.subject.clone()}</strong>
                <span class="soft" translate="no">
                    {names(&lesson.class.teachers)}
                </span>
                {move || {
                    draft
                        .is_lost(student, class)
                        .then(|| view! { <span class="tag stop">{t().time_lost}</span> })
                }}
            </th>
        }
    });
    let heads = heads.collect_view();
    let rows = times.iter().enumerate().map(|(row, time)| {
        let cells = lessons.iter().enumerate().map(|(column, lesson)| {
            let cell = cell(lesson, row, column, *time, draft, reached);
            view! { <td>{cell}</td> }
        });
        view! {
            <tr>
                <th scope="row">
                    <time datetime=time_format::to_rfc3339(time) translate="no">
                        {time_format::format_time(time)}
                    </time>
                </th>
                {cells.collect_view()}
            </tr>
        }
    });
    view! {
        <div class="slot-scroll" role="region" aria-label=label>
            <table class="slots" on:keydown=move_focus>
                <caption class="unseen">{caption}</caption>
                <thead>
                    <tr>
                        <th scope="col">{t().col_time}</th>
                        {heads}
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
}

fn cell(
    lesson: &BookableClass,
    row: usize,
    column: usize,
    time: Moment,
    draft: BookingDraft,
    reached: RwSignal<(usize, usize)>,
) -> AnyView {
    let (text, class) = match lesson.class.states.get(row) {
        Some(SlotState::Free) => {
            let tab = move || if reached.get() == (row, column) { "0" } else { "-1" };
            return view! {
                <SlotButton
                    lesson=lesson.clone()
                    time
                    draft
                    attr:tabindex=tab
                    attr:data-row=row.to_string()
                    attr:data-column=column.to_string()
                    on:focus=move |_| reached.set((row, column))
                />
            }
            .into_any();
        }
        Some(SlotState::Busy) => (t().slot_busy, "none busy"),
        Some(SlotState::Yours) => (t().slot_yours, "none yours"),
        Some(SlotState::Taken) | None => (t().slot_taken, "none"),
    };
    view! { <span class=class>{text}</span> }.into_any()
}

/// A free slot, labelled `16:05 with Mr Davies, Music, free`.
#[component]
fn SlotButton(lesson: BookableClass, time: Moment, draft: BookingDraft) -> impl IntoView {
    let pick = lesson.at(time);
    let clock = time_format::format_time(&time);
    let label = {
        let what = fill(
            t().slot_label,
            &[
                ("time", &clock),
                ("who", &names(&lesson.class.teachers)),
                ("subject", &lesson.class.subject),
            ],
        );
        move || {
            let state = match draft.state_of(&pick) {
                PickState::Open => t().slot_free,
                PickState::Chosen => t().slot_chosen,
                PickState::Conflict => t().slot_conflict,
            };
            [&what, ", ", state].concat()
        }
    };
    let choose = move |_| {
        if draft.state_of(&pick) != PickState::Conflict {
            draft.toggle(pick);
        }
    };
    view! {
        <button
            type="button"
            class="slot"
            aria-label=label
            on:click=choose
            aria-pressed=move || {
                if draft.state_of(&pick) == PickState::Chosen { "true" } else { "false" }
            }
            aria-disabled=move || (draft.state_of(&pick) == PickState::Conflict).then_some("true")
        >
            {move || {
                (draft.state_of(&pick) == PickState::Chosen)
                    .then(|| view! { <Icon shape=Shape::Tick /> })
            }}
            <span translate="no">{clock}</span>
        </button>
    }
}

/// Moves the focus to the next free slot in the direction of the arrow key.
fn move_focus(event: leptos::ev::KeyboardEvent) {
    let (down, right): (i32, i32) = match event.key().as_str() {
        "ArrowUp" => (-1, 0),
        "ArrowDown" => (1, 0),
        "ArrowLeft" => (0, -1),
        "ArrowRight" => (0, 1),
        _ => return,
    };
    let table: HtmlElement = event_target::<HtmlElement>(&event);
    let place = |name: &str| table.get_attribute(name).and_then(|text| text.parse::<i32>().ok());
    let (Some(mut row), Some(mut column)) = (place("data-row"), place("data-column")) else {
        return;
    };
    let Ok(Some(root)) = table.closest("tbody") else { return };
    event.prevent_default();
    // No evening has more times than this, and no student has more classes.
    for _ in 0..300 {
        row += down;
        column += right;
        if row < 0 || column < 0 {
            return;
        }
        if let Some(next) =
            browser::find(&root, &format!("[data-row='{row}'][data-column='{column}']"))
        {
            let _ = next.focus();
            return;
        }
    }
}

/// A class with a chooser of its free times, one class below the other: for narrow screens.
#[component]
pub(crate) fn SlotChoosers(
    lessons: Vec<BookableClass>,
    times: Vec<Moment>,
    draft: BookingDraft,
    open_all: bool,
) -> impl IntoView {
    let items = lessons
        .into_iter()
        .map(|lesson| view! { <Chooser lesson times=times.clone() draft open=open_all /> });
    view! { <div class="choosers">{items.collect_view()}</div> }
}

#[component]
fn Chooser(
    lesson: BookableClass,
    times: Vec<Moment>,
    draft: BookingDraft,
    open: bool,
) -> impl IntoView {
    let (student, class) = (lesson.student.id, lesson.class.class_id);
    let chosen = Memo::new(move |_| draft.time_of(student, class));
    let lost = Memo::new(move |_| draft.is_lost(student, class));
    let free: Vec<Moment> = times
        .iter()
        .zip(&lesson.class.states)
        .filter(|(_, state)| **state == SlotState::Free)
        .map(|(time, _)| *time)
        .collect();
    let left = count(t().times_left, free.len());
    let label = fill(t().times_with, &[("who", &names(&lesson.class.teachers))]);
    let (subject, teachers) = (lesson.class.subject.clone(), names(&lesson.class.teachers));
    let buttons = free
        .into_iter()
        .map(|time| view! { <SlotButton lesson=lesson.clone() time draft /> })
        .collect_view();
    let state = rebuild_on_change(move || match (lost.get(), chosen.get()) {
        (true, _) => {
            view! { <span class="tag stop" prop:textContent=t().time_lost></span> }.into_any()
        }
        (false, Some(time)) => view! {
            <span class="tag go">
                <Icon shape=Shape::Tick />
                <span translate="no" prop:textContent=time_format::format_time(&time)></span>
            </span>
        }
        .into_any(),
        (false, None) => {
            view! { <span class="soft" prop:textContent=left.clone()></span> }.into_any()
        }
    });
    view! {
        <details class="chooser" open=open>
            <summary>
                <span class="grow">
                    <strong>{subject}</strong>
                    <span class="soft" translate="no">
                        {teachers}
                    </span>
                </span>
                {state}
            </summary>
            <div class="times" role="group" aria-label=label>
                {buttons}
            </div>
        </details>
    }
}
