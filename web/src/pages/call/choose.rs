//! Choice of camera, microphone and speaker, used by the device check and within a call.

use leptos::prelude::*;

use super::{
    call_icon::{CallIcon, CallIconShape},
    media::VideoPlayer,
};
use crate::{
    call::{
        devices::{DeviceError, DeviceKind, DeviceState, Devices},
        sound::{Meter, play_notes},
    },
    components::{Notice, Tone},
    task::spawn,
    texts::{call as c, fill, t},
};

/// Returns the text that tells the person how to remedy a device error.
fn advice(kind: DeviceKind, trouble: DeviceError) -> &'static str {
    let camera = kind == DeviceKind::Camera;
    match trouble {
        DeviceError::Blocked if camera => c().blocked_camera,
        DeviceError::Blocked => c().blocked_microphone,
        DeviceError::BlockedBySystem if camera => c().blocked_system_camera,
        DeviceError::BlockedBySystem => c().blocked_system_microphone,
        DeviceError::Missing if camera => c().missing_camera,
        DeviceError::Missing => c().missing_microphone,
        DeviceError::Busy if camera => c().busy_camera,
        DeviceError::Busy => c().busy_microphone,
        DeviceError::Insecure => c().insecure,
        DeviceError::Unsupported => c().unsupported,
        DeviceError::Hung if camera => c().hung_camera,
        DeviceError::Hung => c().hung_microphone,
        DeviceError::Other if camera => c().other_camera,
        DeviceError::Other => c().other_microphone,
    }
}

/// The reason why a device can't be used, the remedy, and "Try again".
#[component]
pub(super) fn DeviceErrorNotice(devices: Devices, kind: DeviceKind) -> impl IntoView {
    let state = if kind == DeviceKind::Camera { devices.camera } else { devices.microphone };
    let again = move |_| {
        if kind == DeviceKind::Camera {
            devices.set_camera(true)
        } else {
            devices.set_microphone(true)
        }
    };
    move || match state.get() {
        DeviceState::Failed(trouble) => view! {
            <Notice tone=Tone::Wait>
                <p prop:textContent=advice(kind, trouble)></p>
                <button class="btn quiet" type="button" on:click=again>
                    {t().try_again}
                </button>
            </Notice>
        }
        .into_any(),
        DeviceState::Asking => {
            view! { <p class="soft" role="status" prop:textContent=c().asking></p> }.into_any()
        }
        DeviceState::Off | DeviceState::On => ().into_any(),
    }
}

/// The devices of one kind as a select element; empty if there is no choice.
#[component]
pub(super) fn Chooser(devices: Devices, kind: DeviceKind) -> impl IntoView {
    let (id, label) = match kind {
        DeviceKind::Camera => ("choose-camera", c().choose_camera),
        DeviceKind::Microphone => ("choose-microphone", c().choose_microphone),
        DeviceKind::Speaker => ("choose-speaker", c().choose_speaker),
    };
    let choices = Memo::new(move |_| {
        devices.list.get().into_iter().filter(|choice| choice.kind == kind).collect::<Vec<_>>()
    });
    let options = move || {
        let chosen = devices.chosen(kind);
        let all = choices.get().into_iter().enumerate().map(|(place, choice)| {
            let label = if choice.label.is_empty() {
                fill(c().unnamed, &[("n", &(place + 1).to_string())])
            } else {
                choice.label
            };
            let selected = choice.id == chosen;
            view! { <option value=choice.id selected=selected prop:textContent=label></option> }
        });
        view! {
            <option value="" selected=chosen.is_empty()>
                {c().choose_default}
            </option>
            {all.collect_view()}
        }
    };
    view! {
        <Show when=move || !choices.read().is_empty()>
            <div class="field">
                <label for=id>{label}</label>
                <select
                    id=id
                    on:change=move |event| devices.choose(kind, event_target_value(&event))
                >
                    {options}
                </select>
            </div>
        </Show>
    }
}

/// The person's own picture, mirrored.
#[component]
pub(super) fn Preview(devices: Devices) -> impl IntoView {
    view! {
        <div class="preview" role="img" aria-label=c().your_picture>
            <VideoPlayer track=devices.picture mirrored=true />
            <span class="preview-off" hidden=move || devices.picture.with(Option::is_some)>
                <CallIcon sign=CallIconShape::CameraOff />
                {c().camera_off}
            </span>
        </div>
    }
}

/// The level of the microphone. `heard` becomes true at the first sound that is louder than a quiet
/// room.
#[component]
pub(super) fn Level(
    devices: Devices,
    #[prop(optional)] heard: Option<RwSignal<bool>>,
) -> impl IntoView {
    let level = RwSignal::new(0);
    let meter = StoredValue::new_local(None::<Meter>);
    let told = move |now: u32| {
        level.try_set(now);
        if let Some(heard) = heard
            && now > 30
        {
            heard.try_set(true);
        }
    };
    Effect::new(move || {
        let made = devices.sound.get().and_then(|track| Meter::new(&track, told));
        if made.is_none() {
            level.set(0);
        }
        meter.set_value(made);
    });
    view! {
        <div
            class="level"
            role="meter"
            aria-label=c().microphone_level
            aria-valuemin="0"
            aria-valuemax="100"
            aria-valuenow=move || level.get().to_string()
        >
            <i style=move || format!("width: {}%", level.get())></i>
        </div>
    }
}

/// A button that plays three notes on the speaker.
#[component]
pub(super) fn SpeakerTest(devices: Devices) -> impl IntoView {
    let (playing, failed) = (RwSignal::new(false), RwSignal::new(false));
    let play = move |_| {
        if playing.get_untracked() {
            return;
        }
        playing.set(true);
        let speaker = untrack(|| devices.chosen(DeviceKind::Speaker));
        spawn(Box::pin(async move {
            let played = play_notes(speaker).await;
            playing.try_set(false);
            failed.try_set(!played);
        }));
    };
    let said = move || match (playing.get(), failed.get()) {
        (true, _) => c().speaker_playing,
        (false, true) => c().speaker_failed,
        (false, false) => "",
    };
    view! {
        <button
            class="btn quiet"
            type="button"
            aria-disabled=move || playing.get().then_some("true")
            on:click=play
        >
            <CallIcon sign=CallIconShape::Speaker />
            {c().speaker_play}
        </button>
        <p class="soft" role="status" prop:textContent=said></p>
    }
}

/// Says that another device is used instead of the remembered one.
#[component]
pub(super) fn DeviceReplacedNotice(devices: Devices) -> impl IntoView {
    move || {
        devices.replaced.get().then(|| {
            view! {
                <Notice tone=Tone::Plain>
                    <p>{c().replaced}</p>
                </Notice>
            }
        })
    }
}
