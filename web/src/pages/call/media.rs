//! Media players: video and audio. The video element is muted, so that browsers allow autoplay;
//! only audio may need a press.

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

/// The state that all audio players of a call share.
#[derive(Clone, Copy)]
pub(super) struct AudioOutput {
    /// The id of the speaker; empty for the browser's default.
    pub(super) speaker: Signal<String>,
    /// The browser blocks playback until the person presses something.
    pub(super) blocked: RwSignal<bool>,
    /// A counter that is increased to retry playback after a press.
    pub(super) tries: RwSignal<u32>,
}

/// The video of a person's camera or screen.
#[component]
pub(super) fn VideoPlayer(track: Track, #[prop(optional)] mirrored: bool) -> impl IntoView {
    let node = NodeRef::<html::Video>::new();
    Effect::new(move || {
        let Some(video) = node.get() else { return };
        let video = JsObject::from(JsValue::from(video));
        video.set("muted", true);
        video.set("playsInline", true);
        // A muted video is never blocked; playing fails only if the element is gone by then.
        let _ = play(&video, track.get());
    });
    view! { <video node_ref=node class:mirrored=mirrored></video> }
}

/// The audio of a person.
#[component]
pub(super) fn AudioPlayer(track: Track, audio_output: AudioOutput) -> impl IntoView {
    let node = NodeRef::<html::Audio>::new();
    // A telephone call, another tab or the system may pause the audio. It is resumed if the browser
    // allows it, otherwise after a press.
    let paused = move |event: leptos::ev::Event| {
        // An element that is being removed also fires `pause`, and its signals are gone by then.
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
        // Every press triggers a new attempt.
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

/// Sets the track that an element plays, or none. Returns the promise of `play()` if there is a
/// track.
fn play(element: &JsObject, track: Option<JsObject>) -> Option<JsResult> {
    let something = track.is_some();
    element.set("srcObject", track.map_or(JsValue::NULL, |track| stream_of(&[track]).into()));
    something.then(|| element.call("play", &[]))
}
