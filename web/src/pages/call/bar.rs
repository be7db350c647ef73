//! The bar at the bottom of a call, within the thumb's reach: microphone, camera, screen, one
//! minute more, devices, leave.

use leptos::prelude::*;

use super::{
    choose::{Chooser, Level, Notes, TroubleNotice},
    room::with_control,
    sign::{Picto, Sign},
};
use crate::{
    call::{
        devices::{Devices, Kind, State},
        object::{Listener, Object},
        room::{Call, Stage},
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
    let heard = Memo::new(move |_| devices.is_heard());
    let seen = Memo::new(move |_| devices.camera.get() == State::On);
    let sharing = Memo::new(move |_| devices.screen.with(Option::is_some));
    let (choosing, keys) = (RwSignal::new(false), RwSignal::new(false));
    let speak = move || devices.speak(!heard.get_untracked());
    let show = move || devices.show(!seen.get_untracked());
    // Said when it is so, and not when it was asked for: a device may be denied.
    say_when(heard, c().say_unmuted, c().say_muted);
    say_when(seen, c().say_camera_on, c().say_camera_off);
    // A device that can't be used says so, and what to do.
    Effect::new(move |before: Option<[bool; 2]>| {
        let failed = [devices.camera, devices.microphone]
            .map(|state| matches!(state.get(), State::Failed(_)));
        if before
            .is_some_and(|before| failed.iter().zip(before).any(|(now, before)| *now && !before))
        {
            choosing.set(true);
        }
        failed
    });
    let pressed = hear_keys(speak, show);
    on_cleanup(move || pressed.dispose());
    let can_share = teacher && Object::media_devices().get("getDisplayMedia").is_there();
    let share = move || if sharing.get_untracked() { devices.unshare() } else { devices.share() };
    let can_extend = move || teacher && call.times.get().can_extend;
    let seated = Memo::new(move |_| call.stage.get() == Stage::Seated);
    let tools = move || {
        view! {
            <Tool
                sign=Signal::derive(move || {
                    if heard.get() { Sign::Microphone } else { Sign::MicrophoneOff }
                })
                text=Signal::derive(move || if heard.get() { c().mute } else { c().unmute })
                off=Signal::derive(move || !heard.get())
                press=Callback::new(move |()| speak())
            />
            <Tool
                sign=Signal::derive(move || if seen.get() { Sign::Camera } else { Sign::CameraOff })
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
                            sign=Signal::stored(Sign::Screen)
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
                                sign=Signal::stored(Sign::Minute)
                                text=Signal::stored(c().extend)
                                off=Signal::stored(false)
                                press=Callback::new(move |()| call.extend())
                            />
                        }
                    })
            }}
            <Tool
                sign=Signal::stored(Sign::Devices)
                text=Signal::stored(c().devices)
                off=Signal::stored(false)
                press=Callback::new(move |()| choosing.set(true))
            />
            <Tool
                sign=Signal::stored(Sign::Keys)
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
                <Picto sign=Sign::Leave />
                <span>{c().leave}</span>
            </button>
        </div>
        <Dialog id="devices-dialog" open=choosing title=c().devices_in_call.to_owned()>
            <TroubleNotice devices kind=Kind::Microphone />
            <TroubleNotice devices kind=Kind::Camera />
            <Chooser devices kind=Kind::Camera />
            <Chooser devices kind=Kind::Microphone />
            <Level devices />
            <Chooser devices kind=Kind::Speaker />
            <Notes devices />
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

/// Tells screen readers that something has become true or false.
fn say_when(is_so: Memo<bool>, yes: &'static str, no: &'static str) {
    let session = session();
    Effect::new(move |before: Option<bool>| {
        let now = is_so.get();
        if before.is_some_and(|before| before != now) {
            session.say(if now { yes } else { no });
        }
        now
    });
}

/// A button of the bar: a picture over a word. Where there is little room, only the picture is
/// seen.
#[component]
fn Tool(
    sign: Signal<Sign>,
    text: Signal<&'static str>,
    off: Signal<bool>,
    press: Callback<()>,
) -> impl IntoView {
    view! {
        <button class="tool" type="button" class:off=off title=text on:click=move |_| press.run(())>
            <Picto sign />
            <span prop:textContent=text></span>
        </button>
    }
}

/// Control with D and with E, as in other calls. No single letters: those are the screen readers'
/// (WCAG 2.1.4).
fn hear_keys(
    speak: impl Fn() + 'static,
    show: impl Fn() + 'static,
) -> StoredValue<Listener, LocalStorage> {
    let listener = Object::window().on("keydown", move |event| {
        let work: &dyn Fn() = match () {
            () if with_control(&event, "d") => &speak,
            () if with_control(&event, "e") => &show,
            () => return,
        };
        let _ = event.call("preventDefault", &[]);
        if !event.is("repeat") {
            work();
        }
    });
    StoredValue::new_local(listener)
}
