//! The check of the devices: at any time before a call.

use leptos::prelude::*;
use parlour_wire::IceServers;

use super::{
    choose::{Chooser, Level, Notes, Preview, Replaced, TroubleNotice},
    sign::{Picto, Sign},
};
use crate::{
    api,
    call::{
        devices::{Devices, Kind, State},
        network::{Finding, Network},
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
        <Replaced devices />
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
            State::Off => (c().camera_use, true),
            State::On => (c().camera_unuse, false),
            State::Asking | State::Failed(_) => return None,
        };
        Some(view! {
            <button
                class="btn quiet"
                type="button"
                on:click=move |_| devices.show(on)
                prop:textContent=text
            ></button>
        })
    };
    view! {
        <section class="card" aria-labelledby="check-camera">
            <h2 id="check-camera">
                <Picto sign=Sign::Camera />
                {c().camera}
            </h2>
            <Preview devices />
            <TroubleNotice devices kind=Kind::Camera />
            {move || {
                (state.get() == State::On).then(|| view! { <p class="soft">{c().camera_good}</p> })
            }}
            <Chooser devices kind=Kind::Camera />
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
        (state.get() == State::On).then(|| view! { <p class="soft" prop:textContent=text></p> })
    };
    let switch = move || {
        (state.get() == State::Off).then(|| {
            view! {
                <button class="btn quiet" type="button" on:click=move |_| devices.speak(true)>
                    {c().microphone_use}
                </button>
            }
        })
    };
    view! {
        <section class="card" aria-labelledby="check-microphone">
            <h2 id="check-microphone">
                <Picto sign=Sign::Microphone />
                {c().microphone}
            </h2>
            <Level devices heard />
            <TroubleNotice devices kind=Kind::Microphone />
            {said}
            {switch}
            <Chooser devices kind=Kind::Microphone />
        </section>
    }
}

#[component]
fn SpeakerCard(devices: Devices) -> impl IntoView {
    view! {
        <section class="card" aria-labelledby="check-speaker">
            <h2 id="check-speaker">
                <Picto sign=Sign::Speaker />
                {c().speaker}
            </h2>
            <p class="soft">{c().speaker_good}</p>
            <Notes devices />
            <Chooser devices kind=Kind::Speaker />
        </section>
    }
}

#[component]
fn NetworkCard() -> impl IntoView {
    let (task, network, server) = (Task::new(), Network::new(), RwSignal::new(Finding::Waiting));
    let check = Callback::new(move |()| {
        server.set(Finding::Waiting);
        task.run(api::get_ice_servers(None), move |servers: IceServers| {
            server.set(Finding::Good);
            network.check(servers);
        });
    });
    check.run(());
    Effect::new(move || {
        if task.failure.read().is_some() {
            server.set(Finding::Bad);
        }
    });
    let reached = move || server.get() == Finding::Good;
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
        let waiting = server.get() == Finding::Waiting
            || (reached()
                && [network.socket.get(), network.direct.get(), network.relay.get()]
                    .contains(&Finding::Waiting));
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
                <Picto sign=Sign::Network />
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
fn Row(label: &'static str, finding: RwSignal<Finding>) -> impl IntoView {
    let said = move || match finding.get() {
        Finding::Waiting => ("tag wait", c().finding_waiting),
        Finding::Good => ("tag go", c().finding_good),
        Finding::Bad => ("tag stop", c().finding_bad),
        Finding::Refused => ("tag stop", c().finding_refused),
        Finding::None => ("tag", c().finding_none),
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

/// What the findings mean for a call, once all are there.
fn verdict(socket: Finding, direct: Finding, relay: Finding) -> Option<(Tone, &'static str)> {
    if socket == Finding::Waiting {
        return None;
    }
    Some(match (direct, relay) {
        (Finding::Waiting, _) | (_, Finding::Waiting) => return None,
        // Without it nobody gets in at all.
        _ if socket == Finding::Bad => (Tone::Bad, c().network_no_socket),
        (Finding::Bad, Finding::Good) => (Tone::Good, c().network_relay_only),
        (_, Finding::Good) => (Tone::Good, c().network_good),
        (Finding::None, Finding::Refused) => (Tone::Bad, c().network_refused_only),
        (_, Finding::Refused) => (Tone::Wait, c().network_refused),
        (Finding::Good, Finding::None) => (Tone::Plain, c().network_no_relay),
        (Finding::Good, _) => (Tone::Wait, c().network_direct_only),
        _ => (Tone::Bad, c().network_bad),
    })
}
