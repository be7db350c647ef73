//! Device check, available at any time before a call.

use leptos::prelude::*;
use parlour_wire::IceServers;

use super::{
    call_icon::{CallIcon, CallIconShape},
    choose::{Chooser, DeviceErrorNotice, DeviceReplacedNotice, Level, Preview, SpeakerTest},
};
use crate::{
    api,
    call::{
        devices::{DeviceKind, DeviceState, Devices},
        network::{CheckResult, Network},
    },
    components::{FailureNotice, Heading, Notice, Tone},
    task::Task,
    texts::call as c,
};

#[component]
pub(crate) fn DevicesPage() -> impl IntoView {
    let devices = Devices::new();
    devices.start();
    view! {
        <Heading text=c().devices_title />
        <p class="lede">{c().devices_lede}</p>
        <DeviceReplacedNotice devices />
        <div class="checks">
            <CameraCard devices />
            <MicrophoneCard devices />
            <SpeakerCard devices />
            <NetworkCard />
        </div>
        <p class="soft">{c().all_good_join}</p>
    }
}

#[component]
fn CameraCard(devices: Devices) -> impl IntoView {
    let state = devices.camera;
    let switch = move || {
        let (text, on) = match state.get() {
            DeviceState::Off => (c().camera_use, true),
            DeviceState::On => (c().camera_unuse, false),
            DeviceState::Asking | DeviceState::Failed(_) => return None,
        };
        Some(view! {
            <button
                class="btn quiet"
                type="button"
                on:click=move |_| devices.set_camera(on)
                prop:textContent=text
            ></button>
        })
    };
    view! {
        <section class="card" aria-labelledby="check-camera">
            <h2 id="check-camera">
                <CallIcon sign=CallIconShape::Camera />
                {c().camera}
            </h2>
            <Preview devices />
            <DeviceErrorNotice devices kind=DeviceKind::Camera />
            {move || {
                (state.get() == DeviceState::On)
                    .then(|| view! { <p class="soft">{c().camera_good}</p> })
            }}
            <Chooser devices kind=DeviceKind::Camera />
            {switch}
        </section>
    }
}

#[component]
fn MicrophoneCard(devices: Devices) -> impl IntoView {
    let heard = RwSignal::new(false);
    let state = devices.microphone;
    let said = move || {
        let text = if heard.get() { c().microphone_good } else { c().microphone_quiet };
        (state.get() == DeviceState::On)
            .then(|| view! { <p class="soft" prop:textContent=text></p> })
    };
    let switch = move || {
        (state.get() == DeviceState::Off).then(|| {
            view! {
                <button
                    class="btn quiet"
                    type="button"
                    on:click=move |_| devices.set_microphone(true)
                >
                    {c().microphone_use}
                </button>
            }
        })
    };
    view! {
        <section class="card" aria-labelledby="check-microphone">
            <h2 id="check-microphone">
                <CallIcon sign=CallIconShape::Microphone />
                {c().microphone}
            </h2>
            <Level devices heard />
            <DeviceErrorNotice devices kind=DeviceKind::Microphone />
            {said}
            {switch}
            <Chooser devices kind=DeviceKind::Microphone />
        </section>
    }
}

#[component]
fn SpeakerCard(devices: Devices) -> impl IntoView {
    view! {
        <section class="card" aria-labelledby="check-speaker">
            <h2 id="check-speaker">
                <CallIcon sign=CallIconShape::Speaker />
                {c().speaker}
            </h2>
            <p class="soft">{c().speaker_good}</p>
            <SpeakerTest devices />
            <Chooser devices kind=DeviceKind::Speaker />
        </section>
    }
}

#[component]
fn NetworkCard() -> impl IntoView {
    let (task, network, server) =
        (Task::new(), Network::new(), RwSignal::new(CheckResult::Waiting));
    let check = Callback::new(move |()| {
        server.set(CheckResult::Waiting);
        task.run(api::get_ice_servers(None), move |servers: IceServers| {
            server.set(CheckResult::Good);
            network.check(servers);
        });
    });
    check.run(());
    Effect::new(move || {
        if task.failure.read().is_some() {
            server.set(CheckResult::Bad);
        }
    });
    let reached = move || server.get() == CheckResult::Good;
    let said = move || {
        let (tone, text) = verdict(network.socket.get(), network.direct.get(), network.relay.get())
            .filter(|_| reached())?;
        Some(view! {
            <Notice tone>
                <p prop:textContent=text></p>
            </Notice>
        })
    };
    let again = move || {
        let waiting = server.get() == CheckResult::Waiting
            || (reached()
                && [network.socket.get(), network.direct.get(), network.relay.get()]
                    .contains(&CheckResult::Waiting));
        (!waiting).then(|| {
            view! {
                <button class="btn quiet" type="button" on:click=move |_| check.run(())>
                    {c().network_again}
                </button>
            }
        })
    };
    view! {
        <section class="card" aria-labelledby="check-network">
            <h2 id="check-network">
                <CallIcon sign=CallIconShape::Network />
                {c().network}
            </h2>
            <dl class="findings">
                <Row label=c().network_server finding=server />
                <Show when=reached>
                    <Row label=c().network_socket finding=network.socket />
                    <Row label=c().network_direct finding=network.direct />
                    <Row label=c().network_relay finding=network.relay />
                </Show>
            </dl>
            <FailureNotice failure=task.failure />
            {said}
            {again}
        </section>
    }
}

#[component]
fn Row(label: &'static str, finding: RwSignal<CheckResult>) -> impl IntoView {
    let said = move || match finding.get() {
        CheckResult::Waiting => ("tag wait", c().finding_waiting),
        CheckResult::Good => ("tag go", c().finding_good),
        CheckResult::Bad => ("tag stop", c().finding_bad),
        CheckResult::Refused => ("tag stop", c().finding_refused),
        CheckResult::None => ("tag", c().finding_none),
    };
    view! {
        <div>
            <dt>{label}</dt>
            <dd>
                <span class=move || said().0 prop:textContent=move || said().1></span>
            </dd>
        </div>
    }
}

/// Returns the meaning of the results for a call, once all have arrived.
fn verdict(
    socket: CheckResult,
    direct: CheckResult,
    relay: CheckResult,
) -> Option<(Tone, &'static str)> {
    if socket == CheckResult::Waiting {
        return None;
    }
    Some(match (direct, relay) {
        (CheckResult::Waiting, _) | (_, CheckResult::Waiting) => return None,
        // Nobody can enter a call without the WebSocket.
        _ if socket == CheckResult::Bad => (Tone::Bad, c().network_no_socket),
        (CheckResult::Bad, CheckResult::Good) => (Tone::Good, c().network_relay_only),
        (_, CheckResult::Good) => (Tone::Good, c().network_good),
        (CheckResult::None, CheckResult::Refused) => (Tone::Bad, c().network_refused_only),
        (_, CheckResult::Refused) => (Tone::Wait, c().network_refused),
        (CheckResult::Good, CheckResult::None) => (Tone::Plain, c().network_no_relay),
        (CheckResult::Good, _) => (Tone::Wait, c().network_direct_only),
        _ => (Tone::Bad, c().network_bad),
    })
}
