//! Door of a call: the partner and the time, the person's own picture and sound, and the button
//! that enters.
#![expect(clippy::needless_pass_by_value, reason = "a component owns its props")]

use std::time::Duration;

use leptos::prelude::*;
use parlour_web_logic::countdown::time_left;
use parlour_wire::CallDoor;

use super::{
    call_icon::{CallIcon, CallIconShape},
    choose::{Chooser, DeviceErrorNotice, DeviceReplacedNotice, Level, Preview},
    page::Visit,
};
use crate::{
    call::{
        devices::{DeviceKind, DeviceState},
        room::server_now,
        timer::Ticker,
    },
    components::{Heading, Notice, Tone, names},
    texts::{call as c, count, fill, t},
    time_format,
};

/// Returns the server's time in milliseconds as a signal that is updated once a second.
/// `clock_offset` says how far the server's clock is ahead of ours.
pub(super) fn server_time(clock_offset: f64) -> RwSignal<i64> {
    let now = RwSignal::new(server_now(clock_offset));
    let ticker =
        Ticker::every(Duration::from_secs(1), move || _ = now.try_set(server_now(clock_offset)));
    let ticker = StoredValue::new_local(ticker);
    on_cleanup(move || ticker.dispose());
    now
}

/// Returns the partner's name: the parent for a teacher, the teachers for everybody else.
pub(super) fn partner(door: &CallDoor) -> String {
    if door.you.role == parlour_wire::CallRole::Teacher {
        door.parent.clone()
    } else {
        names(&door.teachers)
    }
}

/// Returns the times, the student and the subject of the call.
pub(super) fn summary(door: &CallDoor) -> String {
    fill(
        c().door_when,
        &[
            ("from", &time_format::format_time(&door.starts_at)),
            ("to", &time_format::format_time(&door.ends_at)),
            ("student", &door.student.name),
            ("subject", &door.subject),
        ],
    )
}

#[component]
pub(super) fn Door(visit: Visit, door: CallDoor) -> impl IntoView {
    let devices = visit.devices;
    let now = server_time(visit.clock_offset.get_value());
    let (opens, starts, ends) = (
        door.opens_at.timestamp_millis(),
        door.starts_at.timestamp_millis(),
        door.ends_at.timestamp_millis(),
    );
    let open = Memo::new(move |_| now.get() >= opens);
    Effect::new(move || {
        if now.get() >= ends {
            visit.end("call_over", "");
        }
    });
    let opens_at = fill(c().door_early, &[("time", &time_format::format_time(&door.opens_at))]);
    let clock = move || match now.get() {
        at if at < opens => fill(c().door_early_left, &[("left", &time_left(opens, at))]),
        at if at < starts => fill(c().door_begins, &[("left", &time_left(starts, at))]),
        _ => c().door_now.to_owned(),
    };
    let late = (door.late_minutes > 0).then(|| count(c().door_late, door.late_minutes as usize));
    let way = move || {
        if open.get() {
            view! {
                <button class="btn primary wide" type="button" on:click=move |_| visit.enter()>
                    {c().join}
                </button>
            }
            .into_any()
        } else {
            view! { <p class="soft">{opens_at.clone()}</p> }.into_any()
        }
    };
    view! {
        <div class="door">
            <Heading text=fill(c().door_with, &[("who", &partner(&door))]) />
            <p class="lede">{summary(&door)}</p>
            <DeviceReplacedNotice devices />
            <div class="door-parts">
                <div>
                    <Preview devices />
                    <div class="switches">
                        <Switches visit />
                    </div>
                    <Level devices />
                </div>
                <div class="card">
                    <p class="big" role="timer" prop:textContent=clock></p>
                    {late
                        .map(|late| {
                            view! {
                                <Notice tone=Tone::Wait>
                                    <p>{late}</p>
                                </Notice>
                            }
                        })}
                    {door
                        .elsewhere
                        .then(|| {
                            view! {
                                <Notice tone=Tone::Wait>
                                    <p>{c().door_elsewhere}</p>
                                </Notice>
                            }
                        })}
                    <DeviceErrorNotice devices kind=DeviceKind::Microphone />
                    <DeviceErrorNotice devices kind=DeviceKind::Camera />
                    {way}
                    <details class="door-devices">
                        <summary>{c().devices}</summary>
                        <Chooser devices kind=DeviceKind::Camera />
                        <Chooser devices kind=DeviceKind::Microphone />
                        <Chooser devices kind=DeviceKind::Speaker />
                    </details>
                    <p class="soft">{c().all_good_join}</p>
                </div>
            </div>
            <p>
                <a class="action" href=visit.home(&door)>
                    {c().back_to_appointments}
                </a>
                <a class="action" href=if visit.guest { "guest/devices" } else { "devices" }>
                    {t().check_devices}
                </a>
            </p>
        </div>
    }
}

/// The switches of microphone and camera.
#[component]
fn Switches(visit: Visit) -> impl IntoView {
    let devices = visit.devices;
    let heard = Memo::new(move |_| devices.sends_audio());
    let seen = Memo::new(move |_| devices.camera.get() == DeviceState::On);
    view! {
        <button
            class="btn quiet"
            type="button"
            on:click=move |_| devices.set_microphone(!heard.get_untracked())
        >
            <CallIcon sign=Signal::derive(move || {
                if heard.get() { CallIconShape::Microphone } else { CallIconShape::MicrophoneOff }
            }) />
            <span prop:textContent=move || if heard.get() { c().mute } else { c().unmute }></span>
        </button>
        <button
            class="btn quiet"
            type="button"
            on:click=move |_| devices.set_camera(!seen.get_untracked())
        >
            <CallIcon sign=Signal::derive(move || {
                if seen.get() { CallIconShape::Camera } else { CallIconShape::CameraOff }
            }) />
            <span prop:textContent=move || {
                if seen.get() { c().camera_stop } else { c().camera_start }
            }></span>
        </button>
    }
}
