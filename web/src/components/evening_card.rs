//! Card of an evening in a list.

use leptos::prelude::*;
use parlour_wire::{BookingState, Evening, Mode};

use super::{Icon, Shape};
use crate::{texts::t, time_format};

/// One evening with a link that opens it.
#[component]
pub(crate) fn EveningCard(evening: Evening, href: String) -> impl IntoView {
    let (state, class) = match evening.booking_state {
        BookingState::NotOpen => (t().state_not_open, "tag wait"),
        BookingState::Open => (t().state_open, "tag go"),
        BookingState::Closed => (t().state_closed, "tag"),
        BookingState::Over => (t().state_over, "tag"),
    };
    let when = when(&evening);
    view! {
        <a class="choice" href=href>
            <span class="calendar" aria-hidden="true">
                <Icon shape=Shape::Calendar />
            </span>
            <span class="grow">
                <strong>{evening.title}</strong>
                <span class="soft">{when}</span>
            </span>
            <span class=class>{state}</span>
        </a>
    }
}

/// Returns the date, times and mode: `Thursday 26 November, 16:00 to 19:00 · video calls`.
pub(crate) fn when(evening: &Evening) -> String {
    let mode = match evening.mode {
        Mode::Video => t().mode_video,
        Mode::InPerson => t().mode_in_person,
        Mode::Hybrid => t().mode_hybrid,
    };
    [
        &time_format::format_date(&evening.starts_at),
        ", ",
        &time_format::format_time_range(&evening.starts_at, &evening.ends_at),
        " · ",
        mode,
    ]
    .concat()
}
