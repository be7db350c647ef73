//! Bar at the bottom of a call, within the thumb's reach: microphone, camera, screen, one more
//! minute, devices, leave.

use leptos::prelude::*;

use super::{
    call_icon::{CallIcon, CallIconShape},
    choose::{Chooser, DeviceErrorNotice, Level, SpeakerTest},
    room::is_shortcut,
};
use crate::{
    call::{
        devices::{DeviceKind, DeviceState, Devices},
        js_object::{JsObject, Listener},
        room::{Call, CallStage},
    },
    components::Dialog,
    session::session,
    texts::call as c,
};

#[component]
pub(super) fn Bar(
    call: Call,
    devices: Devices,
    teacher: bool,
    leave: Callback<()>,
) -> impl IntoView {
    let heard = Memo::new(move |_| devices.sends_audio());
    let seen = Memo::new(move |_| devices.camera.get() == DeviceState::On);
    let sharing = Memo::new(move |_| devices.screen.with(Option::is_some));
    let (choosing, keys) = (RwSignal::new(false), RwSignal::new(false));
    let speak = move || devices.set_microphone(!heard.get_untracked());
    let show = move || devices.set_camera(!seen.get_untracked());
    // The change is announced when it has happened and not when it was requested, since a device
    // may be denied.
    announce_change(heard, c().say_unmuted, c().say_muted);
    announce_change(seen, c().say_camera_on, c().say_camera_off);
    // A device that can't be used shows its error and the remedy.
    Effect::new(move |before: Option<[bool; 2]>| {
        let failed = [devices.camera, devices.microphone]
            .map(|state| matches!(state.get(), DeviceState::Failed(_)));
        if before
            .is_some_and(|before| failed.iter().zip(before).any(|(now, before)| *now && !before))
        {
            choosing.set(true);
        }
        failed
    });
    let pressed = listen_for_shortcuts(speak, show);
    on_cleanup(move || pressed.dispose());
    let can_share = teacher && JsObject::media_devices().get("getDisplayMedia").exists();
    let share = move || if sharing.get_untracked() { devices.unshare() } else { devices.share() };
    let can_extend = move || teacher && call.times.get().can_extend;
    let seated = Memo::new(move |_| call.stage.get() == CallStage::Seated);
    let tools = move || {
        view! {
            <Tool
                sign=Signal::derive(move || {
                    if heard.get() {
                        CallIconShape::Microphone
                    } else {
                        CallIconShape::MicrophoneOff
                    }
                })
                text=Signal::derive(move || if heard.get() { c().mute } else { c().unmute })
                off=Signal::derive(move || !heard.get())
                press=Callback::new(move |()| speak())
            />
            <Tool
                sign=Signal::derive(move || {
                    if seen.get() { CallIconShape::Camera } else { CallIconShape::CameraOff }
                })
                text=Signal::derive(move || {
                    if seen.get() { c().camera_stop } else { c().camera_start }
                })
                off=Signal::derive(move || !seen.get())
                press=Callback::new(move |()| show())
            />
            {can_share
                .then(|| {
                    view! {
                        <Tool
                            sign=Signal::stored(CallIconShape::Screen)
                            text=Signal::derive(move || {
                                if sharing.get() { c().unshare } else { c().share }
                            })
                            off=Signal::stored(false)
                            press=Callback::new(move |()| share())
                        />
                    }
                })}
            {move || {
                can_extend()
                    .then(|| {
                        view! {
                            <Tool
                                sign=Signal::stored(CallIconShape::Minute)
                                text=Signal::stored(c().extend)
                                off=Signal::stored(false)
                                press=Callback::new(move |()| call.extend())
                            />
                        }
                    })
            }}
            <Tool
                sign=Signal::stored(CallIconShape::Devices)
                text=Signal::stored(c().devices)
                off=Signal::stored(false)
                press=Callback::new(move |()| choosing.set(true))
            />
            <Tool
                sign=Signal::stored(CallIconShape::Keys)
                text=Signal::stored(c().keys)
                off=Signal::stored(false)
                press=Callback::new(move |()| keys.set(true))
            />
        }
    };
    view! {
        <div
            class="tools"
            role="group"
            aria-label=move || if seated.get() { c().controls } else { c().leave }
        >
            {move || seated.get().then(tools)}
            <button class="tool leave" type="button" on:click=move |_| leave.run(())>
                <CallIcon sign=CallIconShape::Leave />
                <span>{c().leave}</span>
            </button>
        </div>
        <Dialog id="devices-dialog" open=choosing title=c().devices_in_call.to_owned()>
            <DeviceErrorNotice devices kind=DeviceKind::Microphone />
            <DeviceErrorNotice devices kind=DeviceKind::Camera />
            <Chooser devices kind=DeviceKind::Camera />
            <Chooser devices kind=DeviceKind::Microphone />
            <Level devices />
            <Chooser devices kind=DeviceKind::Speaker />
            <SpeakerTest devices />
        </Dialog>
        <Dialog id="keys-dialog" open=keys title=c().keys_title.to_owned()>
            <dl class="keys">
                <div>
                    <dt>
                        <kbd>"Ctrl"</kbd>
                        " + "
                        <kbd>"D"</kbd>
                    </dt>
                    <dd>{c().keys_mute}</dd>
                </div>
                <div>
                    <dt>
                        <kbd>"Ctrl"</kbd>
                        " + "
                        <kbd>"E"</kbd>
                    </dt>
                    <dd>{c().keys_camera}</dd>
                </div>
                <div>
                    <dt>
                        <kbd>"Esc"</kbd>
                    </dt>
                    <dd>{c().keys_close}</dd>
                </div>
            </dl>
        </Dialog>
    }
}

/// Announces a change of this value to screen readers.
fn announce_change(is_so: Memo<bool>, yes: &'static str, no: &'static str) {
    let session = session();
    Effect::new(move |before: Option<bool>| {
        let now = is_so.get();
        if before.is_some_and(|before| before != now) {
            session.announce(if now { yes } else { no });
        }
        now
    });
}

/// A button of the bar, with an icon above a word. In narrow windows only the icon is visible.
#[component]
fn Tool(
    sign: Signal<CallIconShape>,
    text: Signal<&'static str>,
    off: Signal<bool>,
    press: Callback<()>,
) -> impl IntoView {
    view! {
        <button class="tool" type="button" class:off=off title=text on:click=move |_| press.run(())>
            <CallIcon sign />
            <span prop:textContent=text></span>
        </button>
    }
}

/// Shortcuts Control+D and Control+E, as in other call programs. Single letters are not used: they
/// belong to screen readers (WCAG 2.1.4).
fn listen_for_shortcuts(
    speak: impl Fn() + 'static,
    show: impl Fn() + 'static,
) -> StoredValue<Listener, LocalStorage> {
    let listener = JsObject::window().on("keydown", move |event| {
        let work: &dyn Fn() = match () {
            () if is_shortcut(&event, "d") => &speak,
            () if is_shortcut(&event, "e") => &show,
            () => return,
        };
        let _ = event.call("preventDefault", &[]);
        if !event.is_true("repeat") {
            work();
        }
    });
    StoredValue::new_local(listener)
}
