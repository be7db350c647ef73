//! Lobby of a call, shown until the conversation starts: the call has not begun, it is full, or the
//! server requires an answer first.

use leptos::prelude::*;
use parlour_web_logic::countdown::time_left;
use parlour_wire::{CallPerson, PresenceState};

use super::{
    choose::{Level, Preview},
    page::Visit,
    tiles::role,
};
use crate::{
    call::room::{Call, CallStage},
    components::{Field, Notice, Tone, contact},
    pages::login::six_digits,
    texts::{call as c, count, fill, t},
    time_format,
};

#[component]
pub(super) fn Lobby(
    call: Call,
    visit: Visit,
    filtered: Signal<bool>,
    home: String,
) -> impl IntoView {
    let kind = Memo::new(move |_| call.stage.get());
    let panel = move || match kind.get() {
        CallStage::Joining | CallStage::Out { .. } => {
            view! { <Joining call visit filtered home=home.clone() /> }.into_any()
        }
        CallStage::MoveHere => view! {
            <h2 prop:textContent=c().move_title></h2>
            <p prop:textContent=c().move_text></p>
            <button
                class="btn primary"
                type="button"
                on:click=move |_| call.move_here()
                prop:textContent=c().move_yes
            ></button>
        }
        .into_any(),
        CallStage::Code { masked_email, sent, wrong } => {
            view! { <CodeForm call masked_email sent wrong /> }.into_any()
        }
        CallStage::Waiting(place) => view! {
            <h2 prop:textContent=c().full_title></h2>
            <p role="status" prop:textContent=fill(c().full_text, &[("n", &place.to_string())])></p>
        }
        .into_any(),
        CallStage::Seated => view! { <Begins call /> }.into_any(),
    };
    let shown = move || matches!(kind.get(), CallStage::Waiting(_) | CallStage::Seated);
    view! {
        // The lobby scrolls when it overflows; `tabindex` makes it scrollable by keyboard too.
        <div class="lobby" tabindex="0" role="group" aria-labelledby="room-title">
            <div class="card">{panel} {move || shown().then(|| view! { <People call /> })}</div>
            {move || {
                shown()
                    .then(|| {
                        view! {
                            <div>
                                <Preview devices=visit.devices />
                                <Level devices=visit.devices />
                            </div>
                        }
                    })
            }}
        </div>
    }
}

/// Shown while joining. `filtered` says that the page reaches the server but the WebSocket does
/// not.
#[component]
fn Joining(call: Call, visit: Visit, filtered: Signal<bool>, home: String) -> impl IntoView {
    let check = if visit.guest { "guest/devices" } else { "devices" };
    let way_out = move || {
        view! {
            <h2>{c().filtered_title}</h2>
            <p role="status">{c().filtered_text}</p>
            <p>{c().filtered_else}</p>
            {contact()}
            <div class="buttons">
                <button class="btn primary" type="button" on:click=move |_| call.retry()>
                    {t().try_again}
                </button>
                <a class="btn quiet" href=check>
                    {t().check_devices}
                </a>
                <a class="btn quiet" href=home.clone()>
                    {c().back_to_appointments}
                </a>
            </div>
        }
        .into_any()
    };
    move || {
        if filtered.get() {
            way_out()
        } else {
            view! {
                <p class="big" role="status">
                    {c().joining}
                </p>
            }
            .into_any()
        }
    }
}

/// Shown to a seated person before the call begins.
#[component]
fn Begins(call: Call) -> impl IntoView {
    let time = move || {
        fill(c().lobby_text, &[("time", &time_format::format_time(&call.times.get().starts_at))])
    };
    let starts_at = move || call.times.get().starts_at.timestamp_millis();
    let late = Memo::new(move |_| call.times.get().late_minutes);
    view! {
        <h2 prop:textContent=c().lobby_title></h2>
        <p prop:textContent=time></p>
        <p
            class="big"
            role="timer"
            prop:textContent=move || fill(
                c().lobby_left,
                &[("left", &time_left(starts_at(), call.now.get()))],
            )
        ></p>
        {move || {
            (late.get() > 0)
                .then(|| {
                    view! {
                        <Notice tone=Tone::Wait>
                            <p prop:textContent=count(c().door_late, late.get() as usize)></p>
                        </Notice>
                    }
                })
        }}
    }
}

/// The people of the call, each with their presence.
#[component]
fn People(call: Call) -> impl IntoView {
    let row = |person: CallPerson| {
        let (class, state) = match person.state {
            PresenceState::InCall => ("tag go", c().state_here.to_owned()),
            PresenceState::Reconnecting => ("tag wait", c().state_reconnecting.to_owned()),
            PresenceState::Waiting => (
                "tag wait",
                fill(c().state_queued, &[("n", &person.place.unwrap_or(1).to_string())]),
            ),
            PresenceState::Missing => ("tag", c().state_missing.to_owned()),
        };
        view! {
            <li>
                <span class="grow">
                    <strong translate="no" prop:textContent=person.name></strong>
                    <span class="soft" prop:textContent=role(person.role)></span>
                </span>
                <span class=class prop:textContent=state></span>
            </li>
        }
    };
    view! {
        <ul class="people" aria-label=c().people>
            {move || call.people.get().into_iter().map(row).collect_view()}
        </ul>
    }
}

/// The form for the code, required after too many takeovers of a link (rule I9).
#[component]
fn CodeForm(call: Call, masked_email: String, sent: bool, wrong: bool) -> impl IntoView {
    let (code, error) =
        (RwSignal::new(String::new()), RwSignal::new(wrong.then(|| c().code_wrong.to_owned())));
    let enter = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        match six_digits(&code.read_untracked()) {
            Some(digits) => call.enter_code(digits),
            None => error.set(Some(t().code_incomplete.to_owned())),
        }
    };
    let text = if sent { c().code_mailed } else { c().code_why };
    let mail = if sent { c().code_again } else { c().code_mail };
    view! {
        <h2 prop:textContent=c().code_title></h2>
        <p prop:textContent=fill(text, &[("email", &masked_email)])></p>
        <form novalidate on:submit=enter>
            {sent
                .then(|| {
                    view! {
                        <Field
                            id="call-code"
                            label=t().code
                            value=code
                            error
                            hint=t().code_hint
                            autocomplete="one-time-code"
                            inputmode="numeric"
                            class="code"
                        />
                        <button
                            class="btn primary"
                            type="submit"
                            prop:textContent=c().code_enter
                        ></button>
                    }
                })}
            <button
                class=if sent { "btn quiet" } else { "btn primary" }
                type="button"
                on:click=move |_| call.send_code()
                prop:textContent=mail
            ></button>
        </form>
    }
}
