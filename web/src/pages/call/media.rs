//! Elements that play: a moving picture, and a voice. The picture is silent, so that browsers let
//! it begin; only the voice may need a press.

use leptos::{html, prelude::*};
use wasm_bindgen::JsValue;

use crate::{
    call::{
        devices::{Track, stream_of},
        js_object::{JsObject, JsResult},
        sound::choose_speaker,
    },
    task::spawn,
};

/// What the voices of a call share.
#[derive(Clone, Copy)]
pub(super) struct AudioOutput {
    /// The id of the speaker; empty for the browser's own choice.
    pub(super) speaker: Signal<String>,
    /// The browser plays nothing until something was pressed.
    pub(super) blocked: RwSignal<bool>,
    /// Counted up to try again after a press.
    pub(super) tries: RwSignal<u32>,
}

/// Somebody's camera or screen.
#[component]
pub(super) fn VideoPlayer(track: Track, #[prop(optional)] mirrored: bool) -> impl IntoView {
    let node = NodeRef::<html::Video>::new();
    Effect::new(move || {
        let Some(video) = node.get() else { return };
        let video = JsObject::from(JsValue::from(video));
        video.set("muted", true);
        video.set("playsInline", true);
        // Nothing keeps a silent picture from playing, unless it is gone by then.
        let _ = play(&video, track.get());
    });
    view! { <video node_ref=node class:mirrored=mirrored></video> }
}

/// What somebody says.
#[component]
pub(super) fn AudioPlayer(track: Track, audio_output: AudioOutput) -> impl IntoView {
    let node = NodeRef::<html::Audio>::new();
    // A telephone call, another tab or the system may pause it: it goes on by itself where the
    // browser lets it, else after a press.
    let paused = move |event: leptos::ev::Event| {
        // The last pause is that of an element that goes, with its signals.
        if track.try_with_untracked(Option::is_some) != Some(true) {
            return;
        }
        let audio = JsObject::from(JsValue::from(event)).get("target");
        spawn(Box::pin(async move {
            let _ = audio.call_async("play", &[]).await;
            if audio.is_true("paused") {
                audio_output.blocked.try_set(true);
            }
        }));
    };
    let played = move |_: leptos::ev::Event| _ = audio_output.blocked.try_set(false);
    Effect::new(move || {
        // Each press is a reason to try again.
        audio_output.tries.get();
        let speaker = audio_output.speaker.get();
        let Some(audio) = node.get() else { return };
        let audio = JsObject::from(JsValue::from(audio));
        let track = track.get();
        spawn(Box::pin(async move {
            choose_speaker(&audio, &speaker).await;
            if let Some(Ok(promise)) = play(&audio, track)
                && let Err(error) = promise.resolved().await
                && error.text_of("name") == "NotAllowedError"
            {
                audio_output.blocked.try_set(true);
            }
        }));
    });
    view! { <audio node_ref=node on:pause=paused on:playing=played></audio> }
}

/// Has an element play a track, or nothing; gives the promise that it plays.
fn play(element: &JsObject, track: Option<JsObject>) -> Option<JsResult> {
    let something = track.is_some();
    element.set("srcObject", track.map_or(JsValue::NULL, |track| stream_of(&[track]).into()));
    something.then(|| element.call("play", &[]))
}
