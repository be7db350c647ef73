//! Table of a parent's appointments, which becomes a list of cards on a phone.

use leptos::prelude::*;
use parlour_wire::{Booking, BookingRow, Mode, Teacher};
use uuid::Uuid;

use super::{Icon, Shape, stranded::stranded_notice};
use crate::{
    texts::{count, fill, t},
    time_format,
};

/// Columns: time, teacher, student, subject, actions. The ARIA roles are explicit, since the card
/// layout would otherwise remove them.
#[component]
pub(crate) fn BookingsTable(
    rows: Vec<BookingRow>,
    mode: Mode,
    may_change: bool,
    /// True if the reader may join the video calls.
    #[prop(optional)]
    join: bool,
    /// Returns the link that changes a booking.
    change_href: Callback<Uuid, String>,
    cancel: Callback<Booking>,
) -> impl IntoView {
    let heads = [t().col_time, t().col_teacher, t().col_student, t().col_subject];
    let rows = rows.into_iter().map(|row| match row {
        BookingRow::Booking(booking) => {
            booking_row(booking, mode, may_change, join, change_href, cancel)
        }
        BookingRow::Gap { minutes, .. } => view! {
            <tr role="row" class="gap">
                <td role="cell" colspan="5">
                    <Icon shape=Shape::Clock />
                    {count(t().gap, minutes as usize)}
                </td>
            </tr>
        }
        .into_any(),
    });
    view! {
        <table role="table" class="bookings">
            <caption class="unseen">{t().bookings_caption}</caption>
            <thead role="rowgroup">
                <tr role="row">
                    {heads
                        .map(|head| {
                            view! {
                                <th role="columnheader" scope="col">
                                    {head}
                                </th>
                            }
                        })
                        .collect_view()} <th role="columnheader" scope="col">
                        <span class="unseen">{t().col_actions}</span>
                    </th>
                </tr>
            </thead>
            <tbody role="rowgroup">{rows.collect_view()}</tbody>
        </table>
    }
}

fn booking_row(
    booking: Booking,
    mode: Mode,
    may_change: bool,
    join: bool,
    change_href: Callback<Uuid, String>,
    cancel: Callback<Booking>,
) -> AnyView {
    let time = time_format::format_time(&booking.starts_at);
    let teachers = names(&booking.teachers);
    let guests = (!booking.guests.is_empty())
        .then(|| fill(t().joined_by, &[("names", &booking.guests.join(", "))]));
    let place =
        (mode == Mode::Hybrid).then_some(if booking.video { t().by_video } else { t().at_school });
    let described = [&time, " ", &teachers].concat();
    let actions = may_change.then(|| {
        let href = change_href.run(booking.id);
        let (change, stop) =
            ([t().change, " ", &described].concat(), [t().cancel, " ", &described].concat());
        let target = booking.clone();
        view! {
            <a class="action" href=href aria-label=change>
                {t().change}
            </a>
            <button
                class="action stop"
                type="button"
                aria-label=stop
                on:click=move |_| cancel.run(target.clone())
            >
                {t().cancel}
            </button>
        }
    });
    let join = (join && booking.video)
        .then(|| join_link(&["calls/", &booking.id.to_string()].concat(), &described));
    view! {
        <tr role="row">
            <th role="rowheader" scope="row">
                <time
                    class="time"
                    datetime=time_format::to_rfc3339(&booking.starts_at)
                    translate="no"
                >
                    {time}
                </time>
            </th>
            <td role="cell">
                <strong translate="no">{teachers}</strong>
                {place.map(|place| view! { <span class="soft">{place}</span> })}
                {guests.map(|guests| view! { <span class="soft">{guests}</span> })}
                {booking.stranded.map(|why| stranded_notice(why, t().stranded_to_do))}
            </td>
            <td role="cell" translate="no">
                {booking.student.name}
            </td>
            <td role="cell">{booking.subject}</td>
            <td role="cell" class="actions">
                {join}
                {actions}
            </td>
        </tr>
    }
    .into_any()
}

/// A link to the call's door, which shows from when the call can be entered.
pub(crate) fn join_link(href: &str, described: &str) -> AnyView {
    view! {
        <a class="action" href=href.to_owned() aria-label=[t().join, " ", described].concat()>
            <Icon shape=Shape::Video />
            {t().join}
        </a>
    }
    .into_any()
}

/// Joins the teachers' names: `Mrs Anita Abell and Mr Geraint Davies`.
pub(crate) fn names(teachers: &[Teacher]) -> String {
    let names: Vec<&str> = teachers.iter().map(|teacher| teacher.name.as_str()).collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, before)) => [&before.join(", "), t().and, last].concat(),
        None => String::new(),
    }
}
