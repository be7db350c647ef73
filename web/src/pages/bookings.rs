//! My Bookings: the invite control at the top, the appointments with the gaps between them, and the
//! actions on them. With `?parent_id=` staff see a parent's bookings.

use leptos::prelude::*;
use parlour_wire::{Booking, BookingRow, BookingState, Evening, InviteAction, Mode, MyBookings};
use uuid::Uuid;

use super::{history::HistoryPanel, invites::InviteDialog, lazy};
use crate::{
    api,
    components::{
        BookingsTable, Confirm, Heading, Icon, InviteControl, Notice, Panel, Shape, Tone, contact,
        names, rebuild_on_change, when,
    },
    query::Query,
    route,
    session::session,
    task::Task,
    texts::{fill, t},
    time_format,
};

#[component]
pub(crate) fn BookingsPage() -> impl IntoView {
    let evening = route::page_id();
    let parent = route::query_id("parent_id");
    rebuild_on_change(move || view! { <Bookings evening parent=parent.get() /> }.into_any())
}

#[component]
fn Bookings(evening: Uuid, parent: Option<Uuid>) -> impl IntoView {
    let bookings = Query::new(move || api::get_bookings(evening, parent));
    let reload = Callback::new(move |()| bookings.refetch());
    let inviting = RwSignal::new(false);
    let cancelling = RwSignal::new(None::<Booking>);
    let show = move |mine: MyBookings| content(mine, parent, inviting, cancelling);
    view! {
        <Flash />
        <Panel data=bookings show />
        <InviteDialog evening parent open=inviting on_change=reload />
        <CancelDialog booking=cancelling on_done=reload />
    }
}

/// The message of the previous page: an appointment was moved.
#[component]
fn Flash() -> impl IntoView {
    let text = session().flash.try_update_value(Option::take).flatten();
    text.map(|text| {
        view! {
            <Notice tone=Tone::Good>
                <p>{text}</p>
            </Notice>
        }
    })
}

fn content(
    mine: MyBookings,
    parent: Option<Uuid>,
    inviting: RwSignal<bool>,
    cancelling: RwSignal<Option<Booking>>,
) -> AnyView {
    let MyBookings { evening, parent_name, rows, invite_action, .. } = mine;
    let title = match parent {
        Some(_) => fill(t().bookings_of, &[("name", &parent_name)]),
        None => t().bookings_title.to_owned(),
    };
    let may_change = evening.booking_state == BookingState::Open
        || (parent.is_some() && evening.booking_state != BookingState::Over);
    let book = book_href(evening.id, parent, None);
    let below = if rows.iter().any(|row| matches!(row, BookingRow::Booking(_))) {
        let calendar = api::calendar_href(evening.id, parent);
        let change =
            Callback::new(move |booking: Uuid| book_href(evening.id, parent, Some(booking)));
        view! {
            <Toolbar
                calendar
                book=may_change.then_some(book)
                calls=parent.is_none() && evening.mode != Mode::InPerson
            />
            <BookingsTable
                rows
                mode=evening.mode
                may_change
                join=parent.is_none()
                change_href=change
                cancel=Callback::new(move |booking| cancelling.set(Some(booking)))
            />
        }
        .into_any()
    } else {
        view! { <NoBookings book=may_change.then_some(book) /> }.into_any()
    };
    view! {
        <Heading text=title />
        <p class="lede">{when(&evening)}</p>
        {(invite_action != InviteAction::None)
            .then(|| {
                view! {
                    <InviteControl
                        action=invite_action
                        open=inviting
                        on_near=Callback::new(|()| lazy::preload_dialogs())
                    />
                }
            })}
        {state_notice(&evening, parent.is_some())}
        {below}
        <HistoryPanel evening=evening.id parent />
    }
    .into_any()
}

/// Returns the link to the booking page; with `change` it moves that appointment.
fn book_href(evening: Uuid, parent: Option<Uuid>, change: Option<Uuid>) -> String {
    let query = match (parent, change) {
        (Some(parent), Some(change)) => format!("?parent_id={parent}&change={change}"),
        (Some(parent), None) => format!("?parent_id={parent}"),
        (None, Some(change)) => format!("?change={change}"),
        (None, None) => String::new(),
    };
    format!("evenings/{evening}/book{query}")
}

/// With `by_staff` the notice ignores the booking window, which does not bind staff.
fn state_notice(evening: &Evening, by_staff: bool) -> Option<AnyView> {
    let text = match evening.booking_state {
        BookingState::Open => {
            let text = fill(
                t().open_until,
                &[("when", &time_format::format_date_time(&evening.booking_closes_at))],
            );
            return Some(view! { <p class="soft until">{text}</p> }.into_any());
        }
        BookingState::NotOpen => fill(
            t().opens_at,
            &[("when", &time_format::format_date_time(&evening.booking_opens_at))],
        ),
        BookingState::Closed if by_staff => t().booking_closed_staff.to_owned(),
        BookingState::Closed => t().booking_closed.to_owned(),
        BookingState::Over => t().evening_over.to_owned(),
    };
    let ask = (evening.booking_state == BookingState::Closed && !by_staff).then(contact);
    Some(
        view! {
            <Notice tone=Tone::Wait>
                <p>{text}</p>
                {ask}
            </Notice>
        }
        .into_any(),
    )
}

#[component]
fn Toolbar(calendar: String, book: Option<String>, calls: bool) -> impl IntoView {
    view! {
        <div class="bar">
            {book
                .map(|href| {
                    view! {
                        <a class="btn primary" href=href>
                            <Icon shape=Shape::Add />
                            {t().book_more}
                        </a>
                    }
                })}
            {calls
                .then(|| {
                    view! {
                        <a class="btn quiet" href="devices">
                            <Icon shape=Shape::Video />
                            {t().check_devices}
                        </a>
                    }
                })} <a class="btn quiet push" href=calendar download="appointments.ics">
                <Icon shape=Shape::Calendar />
                {t().add_to_calendar}
            </a>
            <button
                class="btn quiet"
                type="button"
                on:click=move |_| {
                    let _ = window().print();
                }
            >
                <Icon shape=Shape::Print />
                {t().print}
            </button>
        </div>
    }
}

#[component]
fn NoBookings(book: Option<String>) -> impl IntoView {
    view! {
        <div class="card empty">
            <p class="big">{t().no_bookings}</p>
            {book
                .map(|href| {
                    view! {
                        <p>{t().no_bookings_next}</p>
                        <a class="btn primary" href=href>
                            {t().book_first}
                        </a>
                    }
                })}
        </div>
    }
}

#[component]
fn CancelDialog(booking: RwSignal<Option<Booking>>, on_done: Callback<()>) -> impl IntoView {
    let (session, task) = (session(), Task::new());
    let open = RwSignal::new(false);
    Effect::new(move || {
        if booking.read().is_some() {
            task.failure.set(None);
            open.set(true);
        }
    });
    Effect::new(move || {
        if !open.get() {
            booking.set(None);
        }
    });
    let question = Signal::derive(move || {
        booking
            .with(|booking| {
                booking.as_ref().map(|booking| {
                    fill(
                        t().cancel_question,
                        &[
                            ("time", &time_format::format_time(&booking.starts_at)),
                            ("who", &names(&booking.teachers)),
                            ("student", &booking.student.name),
                        ],
                    )
                })
            })
            .unwrap_or_default()
    });
    let cancel = Callback::new(move |()| {
        let Some(id) = booking.with_untracked(|booking| booking.as_ref().map(|booking| booking.id))
        else {
            return;
        };
        task.run(api::cancel_booking(id), move |()| {
            open.set(false);
            session.announce(t().cancelled);
            on_done.run(());
        });
    });
    view! {
        <Confirm
            id="cancel"
            open
            title=t().cancel_title
            question
            yes=t().cancel_yes
            busy=task.busy
            failure=task.failure
            on_yes=cancel
        />
    }
}
