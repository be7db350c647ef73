//! Reassignment by staff: an appointment whose teacher has left the class is given to the current
//! teachers of the class, at the same time.

use leptos::prelude::*;
use parlour_wire::{BookingChange, BookingRow, Moment, MyBookings, Stranded};
use uuid::Uuid;

use crate::{
    api,
    components::{FailureNotice, Notice, Tone},
    query::{Query, QueryState},
    route::router,
    session::session,
    task::Task,
    texts::{fill, t},
    time_format,
};

/// Shown only if the appointment's teacher has left the class.
#[component]
pub(super) fn SameTime(
    evening: Uuid,
    parent: Option<Uuid>,
    home: String,
    change: Uuid,
    time: Moment,
    who: String,
) -> impl IntoView {
    let (mine, task, session, router) =
        (Query::new(move || api::get_bookings(evening, parent)), Task::new(), session(), router());
    let left = Memo::new(move |_| {
        matches!(mine.state.get(), QueryState::Loaded(_))
            && mine.value().is_some_and(|mine| has_left(&mine, change))
    });
    let label = fill(t().same_time, &[("time", &time_format::format_time(&time)), ("who", &who)]);
    let text = StoredValue::new((label, who, home));
    let keep = move |_| {
        task.run(
            async move { api::change_booking(change, &BookingChange { starts_at: time }).await },
            move |booking| {
                text.with_value(|(_, who, home)| {
                    session.flash.set_value(Some(fill(
                        t().moved,
                        &[("who", who), ("time", &time_format::format_time(&booking.starts_at))],
                    )));
                    router.go(&["/", home].concat());
                });
            },
        );
    };
    move || {
        left.get().then(|| {
            view! {
                <Notice tone=Tone::Wait>
                    <p>{t().same_time_why}</p>
                    <FailureNotice failure=task.failure />
                    <button
                        class="btn quiet"
                        type="button"
                        aria-disabled=task.disabled()
                        on:click=keep
                        prop:textContent=text.with_value(|(label, ..)| label.clone())
                    ></button>
                </Notice>
            }
        })
    }
}

fn has_left(mine: &MyBookings, change: Uuid) -> bool {
    mine.rows.iter().any(|row| {
        let BookingRow::Booking(booking) = row else { return false };
        booking.id == change && booking.stranded == Some(Stranded::TeacherLeftClass)
    })
}
