//! View after a call: the reason for its end, and the next appointment.
#![expect(clippy::needless_pass_by_value, reason = "a component owns its props")]

use std::time::Duration;

use leptos::prelude::*;
use parlour_wire::{CallDoor, CallRole, GuestLinkRenewal, NextCall};
use uuid::Uuid;

use super::{
    door::server_time,
    page::{CallStep, Visit, clock_offset_of},
};
use crate::{
    api,
    call::timer::Ticker,
    components::{Confirm, Heading, Notice, Tone, contact, names},
    task::Task,
    texts::{call as c, count, fill, t},
    time_format,
};

/// The seconds until a parent or guest enters the next call, unless they choose to stay.
const AUTO_JOIN_SECONDS: u32 = 10;

#[component]
pub(super) fn After(visit: Visit, door: CallDoor, code: String, detail: String) -> impl IntoView {
    // The devices are switched off, so that nobody is seen or heard who believes that the call has
    // ended.
    visit.devices.stop();
    let (title, detail) = match code.as_str() {
        "call_over" => (c().over_title, c().over_text.to_owned()),
        "left" => (c().left_title, String::new()),
        "taken_over" => (c().taken_title, c().taken_text.to_owned()),
        _ => (c().out_title, crate::texts::error(&code).map_or(detail, str::to_owned)),
    };
    let (over, again) = (
        code == "call_over",
        matches!(code.as_str(), "left" | "taken_over" | "opened_elsewhere" | "expired"),
    );
    let (home, has_ended) = (visit.home(&door), code == "access_ended");
    if code == "opened_elsewhere" {
        return view! { <OpenElsewhere visit booking=door.booking_id home /> }.into_any();
    }
    view! {
        <div class="narrow after">
            <Heading text=title />
            {(!detail.is_empty())
                .then(|| {
                    let tone = if over || again { Tone::Plain } else { Tone::Wait };
                    view! {
                        <Notice tone>
                            <p>{detail}</p>
                            {has_ended.then(contact)}
                        </Notice>
                    }
                })}
            {over.then(|| view! { <Following visit door=door.clone() /> })}
            <div class="buttons">
                {again
                    .then(|| {
                        view! {
                            <button
                                class="btn primary"
                                type="button"
                                on:click=move |_| {
                                    visit.devices.start();
                                    visit.step.set(CallStep::Door);
                                }
                            >
                                {c().left_again}
                            </button>
                        }
                    })} <a class="btn quiet" href=home>
                    {c().back_to_appointments}
                </a>
            </div>
        </div>
    }
    .into_any()
}

/// Shown when another browser has entered by the guest's link: the guest can return or get a new
/// link.
#[component]
fn OpenElsewhere(visit: Visit, booking: Uuid, home: String) -> impl IntoView {
    let (task, asking, renewed) = (Task::new(), RwSignal::new(false), RwSignal::new(false));
    let renew = Callback::new(move |()| {
        let link = GuestLinkRenewal { token: None, booking_id: Some(booking) };
        task.run(async move { api::renew_guest_link(&link).await }, move |()| {
            asking.set(false);
            renewed.set(true);
        });
    });
    let again = move |_| {
        visit.devices.start();
        visit.step.set(CallStep::Door);
    };
    let told = move || {
        let text = if renewed.get() { c().elsewhere_sent } else { c().elsewhere_text };
        let tone = if renewed.get() { Tone::Good } else { Tone::Wait };
        view! {
            <Notice tone>
                <p prop:textContent=text></p>
            </Notice>
        }
    };
    view! {
        <div class="narrow after">
            <Heading text=Signal::derive(move || {
                if renewed.get() { c().elsewhere_sent_title } else { c().elsewhere_title }
                    .to_owned()
            }) />
            {told}
            <div class="buttons">
                {move || {
                    (!renewed.get())
                        .then(|| {
                            view! {
                                <button
                                    class="btn primary"
                                    type="button"
                                    on:click=move |_| asking.set(true)
                                >
                                    {t().guest_new_link}
                                </button>
                                <button class="btn quiet" type="button" on:click=again>
                                    {c().left_again}
                                </button>
                            }
                        })
                }} <a class="btn quiet" href=home>
                    {c().back_to_appointments}
                </a>
            </div>
            <Confirm
                id="renew"
                open=asking
                title=t().guest_new_link
                question=t().guest_new_link_question
                yes=t().guest_new_link_yes
                no=t().back
                busy=task.busy
                failure=task.failure
                on_yes=renew
            />
        </div>
    }
}

/// The next appointment, fetched again: it may have been moved meanwhile.
#[component]
fn Following(visit: Visit, door: CallDoor) -> impl IntoView {
    let (task, next) = (Task::new(), RwSignal::new(None::<(NextCall, CallDoor)>));
    let (booking, guest) = (door.booking_id, visit.guest);
    let ask = async move {
        let door = api::get_call_door(booking, guest).await?;
        let Some(next) = door.next else { return Ok(None) };
        let door = api::get_call_door(next.booking_id, guest).await?;
        Ok(Some((next, door)))
    };
    task.run(ask, move |found| next.set(found));
    move || next.get().map(|(call, door)| view! { <Next visit call door /> })
}

/// The next appointment, which is entered automatically: by teachers at once, by others after they
/// have had time to decline.
#[component]
fn Next(visit: Visit, call: NextCall, door: CallDoor) -> impl IntoView {
    let teacher = door.you.role == CallRole::Teacher;
    let booking = call.booking_id;
    let now = server_time(clock_offset_of(&door));
    let opens = door.opens_at.timestamp_millis();
    let open = Memo::new(move |_| now.get() >= opens);
    let (staying, seconds) =
        (RwSignal::new(false), RwSignal::new(if teacher { 0 } else { AUTO_JOIN_SECONDS }));
    let go = move || {
        visit.devices.start();
        visit.continue_to(booking);
    };
    Effect::new(move || {
        if open.get() && !staying.get() && seconds.get() == 0 {
            go();
        }
    });
    let ticker = Ticker::every(Duration::from_secs(1), move || {
        if open.try_get_untracked() == Some(true) {
            seconds.try_update(|left| *left = left.saturating_sub(1));
        }
    });
    let ticker = StoredValue::new_local(ticker);
    on_cleanup(move || ticker.dispose());
    let time = time_format::format_time(&call.starts_at);
    let what = if teacher {
        fill(
            c().next_teacher,
            &[
                ("time", &time),
                ("parent", &call.parent),
                ("student", &call.student.name),
                ("subject", &call.subject),
            ],
        )
    } else {
        fill(
            c().next_at,
            &[
                ("time", &time),
                ("who", &names(&call.teachers)),
                ("student", &call.student.name),
                ("subject", &call.subject),
            ],
        )
    };
    let opens_at = fill(c().next_opens, &[("time", &time_format::format_time(&door.opens_at))]);
    let when = move || match (open.get(), staying.get()) {
        (_, true) => String::new(),
        (true, false) => count(c().next_starts, seconds.get() as usize),
        (false, false) => opens_at.clone(),
    };
    view! {
        <section class="card">
            <h2>{c().next_title}</h2>
            <p>{what}</p>
            <p class="soft" role="timer" prop:textContent=when></p>
            <div class="buttons">
                {move || {
                    open.get()
                        .then(|| {
                            view! {
                                <button class="btn primary" type="button" on:click=move |_| go()>
                                    {c().next_go}
                                </button>
                            }
                        })
                }}
                {move || {
                    (!staying.get())
                        .then(|| {
                            view! {
                                <button
                                    class="btn quiet"
                                    type="button"
                                    on:click=move |_| staying.set(true)
                                >
                                    {c().next_stay}
                                </button>
                            }
                        })
                }}
            </div>
        </section>
    }
}
