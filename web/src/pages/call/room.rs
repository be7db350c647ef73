//! Room of a call: the people, the remaining time, and the bar of controls.
#![expect(clippy::needless_pass_by_value, reason = "a component owns its props")]

use std::collections::HashMap;

use leptos::prelude::*;
use parlour_web_logic::countdown::{Urgency, time_left};
use parlour_wire::{CallDoor, CallPerson, CallRole, IceServers, PresenceState};
use uuid::Uuid;

use super::{
    bar::Bar,
    door::{partner, summary},
    lobby::Lobby,
    media::AudioOutput,
    page::{CallStep, Visit},
    tiles::Tiles,
};
use crate::{
    api::{self, Failure},
    call::{
        devices::{DeviceKind, Devices},
        js_object::JsObject,
        quality::Quality,
        room::{Call, CallStage, has_seat},
        wake_lock::ScreenWakeLock,
    },
    components::{FailureNotice, Heading, Notice, Tone, rebuild_on_change},
    session::session,
    task::Task,
    texts::{call as c, fill},
};

/// The number of consecutive connection failures from which an outage counts as long.
const MANY_FAILURES: u32 = 3;

#[component]
pub(super) fn Room(visit: Visit, door: CallDoor, servers: IceServers) -> impl IntoView {
    let call = Call::enter(
        &door,
        &servers,
        visit.devices,
        visit.guest,
        visit.tab.get_value(),
        visit.clock_offset.get_value(),
    );
    let awake = StoredValue::new_local(ScreenWakeLock::new());
    on_cleanup(move || awake.dispose());
    let audio_output = AudioOutput {
        speaker: Signal::derive(move || visit.devices.chosen(DeviceKind::Speaker)),
        blocked: RwSignal::new(false),
        tries: RwSignal::new(0),
    };
    let why = Task::new();
    let (booking, guest) = (door.booking_id, visit.guest);
    Effect::new(move || {
        if let CallStage::Out { code, detail } = call.stage.get() {
            visit.end(&code, &detail);
        }
    });
    // `filtered`: the page's own requests reach the server, and the call's WebSocket does not.
    let (filtered, answers) = (RwSignal::new(false), RwSignal::new(false));
    Effect::new(move || match call.failures.get() {
        // The connection works again.
        0 => {
            why.failure.set(None);
            answers.set(false);
            filtered.set(false);
        }
        // Another failure although the page got an answer in between: only the WebSocket is
        // blocked.
        failures => {
            filtered.set(answers.get_untracked());
            if failures % MANY_FAILURES == 1 {
                answers.set(false);
                why.run(api::get_call_door(booking, guest), move |_| answers.set(true));
            }
        }
    });
    // Another notice already says that the server can't be reached.
    let why_not =
        Signal::derive(move || why.failure.get().filter(|failure| *failure != Failure::Offline));
    Effect::new(move || call.deaf.set(audio_output.blocked.get()));
    announce_people(call);
    announce_time(call);
    let talks = Memo::new(move |_| call.is_active());
    let teacher = door.you.role == CallRole::Teacher;
    let (who, what, me, home) =
        (partner(&door), summary(&door), door.you.name.clone(), visit.home(&door));
    // The lobby shows this message itself.
    let joins = Memo::new(move |_| call.stage.get() == CallStage::Joining && filtered.get());
    let body = rebuild_on_change(move || {
        if talks.get() {
            view! { <Tiles call me=me.clone() devices=visit.devices audio_output /> }.into_any()
        } else {
            view! { <Lobby call visit filtered=filtered.into() home=home.clone() /> }.into_any()
        }
    });
    let leave = Callback::new(move |()| {
        call.leave();
        if visit.step.get_untracked() == CallStep::Room {
            visit.end("left", "");
        }
    });
    view! {
        <section class="room" class:talks=talks aria-labelledby="room-title">
            <header class="room-top">
                <div class="grow" id="room-title">
                    <Heading text=who />
                    <p>{what}</p>
                </div>
                <Countdown call />
            </header>
            <div class="room-news">
                <CallNotices call audio_output devices=visit.devices filtered joins />
                <FailureNotice failure=why_not />
            </div>
            {body}
            <Bar call devices=visit.devices teacher leave />
        </section>
    }
}

/// The time left of the call, or until it begins. It is styled calmly until the last minute.
#[component]
fn Countdown(call: Call) -> impl IntoView {
    let times = move || {
        let (now, times) = (call.now.get(), call.times.get());
        (times.starts_at.timestamp_millis(), times.ends_at.timestamp_millis(), now)
    };
    let text = move || match times() {
        (starts, _, now) if now < starts => time_left(starts, now),
        (_, ends, now) => time_left(ends, now),
    };
    let class = move || {
        let (starts, ends, now) = times();
        match Urgency::at(starts, ends, now) {
            Urgency::Before => "countdown before",
            Urgency::Calm => "countdown",
            Urgency::Soon => "countdown soon",
            Urgency::Last => "countdown last",
        }
    };
    view! { <p class=class role="timer" aria-label=c().time_left prop:textContent=text></p> }
}

/// The notices that are shown above the tiles.
#[component]
fn CallNotices(
    call: Call,
    audio_output: AudioOutput,
    devices: Devices,
    filtered: RwSignal<bool>,
    joins: Memo<bool>,
) -> impl IntoView {
    let hear = move |_| {
        audio_output.blocked.set(false);
        audio_output.tries.update(|tries| *tries += 1);
    };
    // If everybody is connected, the relay is not needed.
    let apart = Memo::new(move |_| {
        let is_apart = |person: &CallPerson| {
            person.id != call.me
                && has_seat(person)
                && call
                    .remote_media(person.id)
                    .is_some_and(|remote_media| !remote_media.connected.get())
        };
        call.people.with(|people| people.iter().any(is_apart))
    });
    let poor = Memo::new(move |_| {
        call.people.with(|people| {
            people
                .iter()
                .filter_map(|person| call.remote_media(person.id))
                .any(|remote_media| remote_media.quality.get() == Some(Quality::Poor))
        })
    });
    let unlinked = Memo::new(move |_| {
        let failures = call.failures.get();
        match () {
            () if joins.get() => None,
            () if filtered.get() => Some(c().line_filtered),
            () if failures >= MANY_FAILURES => Some(c().offline_long),
            () if call.unstable.get() => Some(c().line_unsteady),
            () => (failures > 0 && !call.socket_connected.get()).then_some(c().link_lost),
        }
    });
    let wait = |text: &'static str| {
        view! {
            <Notice tone=Tone::Wait>
                <p prop:textContent=text></p>
            </Notice>
        }
    };
    view! {
        {move || {
            audio_output
                .blocked
                .get()
                .then(|| {
                    view! {
                        <button class="btn primary wide" type="button" on:click=hear>
                            {c().tap_to_hear}
                        </button>
                    }
                })
        }}
        <div role="status">
            {move || unlinked.get().map(wait)}
            {move || match (call.is_unreachable.get(), call.relay_refused.get()) {
                (true, false) => Some(wait(c().no_way)),
                (_, true) => apart.get().then(|| wait(c().relay_refused)),
                (false, false) => None,
            }} {move || devices.audio_interrupted.get().then(|| wait(c().silenced))}
            {move || devices.video_interrupted.get().then(|| wait(c().darkened))}
        </div>
        {move || poor.get().then(|| wait(c().poor_advice))}
        {move || {
            call.problem
                .get()
                .map(|problem| {
                    view! {
                        <Notice tone=Tone::Bad>
                            <p prop:textContent=problem></p>
                        </Notice>
                    }
                })
        }}
    }
}

/// Announces to screen readers when people enter and leave.
fn announce_people(call: Call) {
    let session = session();
    Effect::new(move |before: Option<HashMap<Uuid, PresenceState>>| {
        let people = call.people.get();
        if let Some(before) = before.filter(|before| !before.is_empty()) {
            let said: Vec<String> = people
                .iter()
                .filter(|person| person.id != call.me)
                .filter_map(|person| presence_change_text(person, before.get(&person.id).copied()))
                .collect();
            if !said.is_empty() {
                session.announce(said.join(" "));
            }
        }
        people.iter().map(|person| (person.id, person.state)).collect()
    });
}

fn presence_change_text(person: &CallPerson, before: Option<PresenceState>) -> Option<String> {
    use PresenceState::{InCall, Missing, Reconnecting};
    let text = match (before, person.state) {
        (Some(Reconnecting), InCall) => c().say_back,
        (before, InCall) if before != Some(InCall) => c().say_joined,
        (Some(InCall), Reconnecting) => c().say_lost,
        (Some(InCall | Reconnecting), Missing) => c().say_left,
        _ => return None,
    };
    Some(fill(text, &[("name", &person.name)]))
}

/// Announces to screen readers that the end is near or that a minute was added.
fn announce_time(call: Call) {
    let session = session();
    Effect::new(move |before: Option<(i64, i64)>| {
        let (now, times) = (call.now.get(), call.times.get());
        let (ends, starts) = (times.ends_at.timestamp_millis(), times.starts_at.timestamp_millis());
        let seconds = (ends - now).div_euclid(1000);
        if let Some((last, end)) = before {
            let passes = |mark: i64| last > mark && seconds <= mark;
            if ends > end {
                session.announce(c().say_extended);
            } else if now < starts {
                // The call has not begun, so there is nothing to warn of.
            } else if passes(10) {
                session.announce(c().say_last);
            } else if passes(30) {
                session.announce(c().say_half);
            } else if passes(60) {
                session.announce(c().say_minute);
            }
        }
        (seconds, ends)
    });
}

/// Returns whether a key was pressed together with Control (Command on a Mac).
pub(super) fn is_shortcut(event: &JsObject, key: &str) -> bool {
    (event.is_true("ctrlKey") || event.is_true("metaKey"))
        && !event.is_true("shiftKey")
        && !event.is_true("altKey")
        && event.text_of("key").eq_ignore_ascii_case(key)
}
