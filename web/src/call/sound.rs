//! Level meter of the microphone and test notes for the speaker.

use std::time::Duration;

use super::{
    js_object::{JsObject, object},
    timer::{Ticker, pause},
};

/// The number of samples per measured level.
const SAMPLES: u32 = 256;

/// A meter of a track, which measures while it lives.
pub(crate) struct Meter {
    context: JsObject,
    _ticker: Ticker,
}

impl Meter {
    /// Reports the level of a microphone ten times a second, from 0 for silence to 100 for loud.
    pub(crate) fn new(track: &JsObject, on_level: impl Fn(u32) + 'static) -> Option<Self> {
        let context = JsObject::new("AudioContext", &[]).ok()?;
        let source = context
            .call(
                "createMediaStreamSource",
                &[super::devices::stream_of(std::slice::from_ref(track)).into()],
            )
            .ok()?;
        let analyser = context.call("createAnalyser", &[]).ok()?;
        analyser.set("fftSize", SAMPLES);
        source.call("connect", &[(&analyser).into()]).ok()?;
        let samples = JsObject::new("Uint8Array", &[SAMPLES.into()]).ok()?;
        let (awake, asleep) = (context.clone(), context.clone());
        let ticker = Ticker::every(Duration::from_millis(100), move || {
            // Until the person has interacted with the page, the browser suspends audio processing.
            if asleep.text_of("state") == "suspended" {
                let _ = awake.call("resume", &[]);
            }
            let _ = analyser.call("getByteTimeDomainData", &[(&samples).into()]);
            let peak = samples
                .items()
                .iter()
                .filter_map(JsObject::number)
                .map(|sample| (sample - 128.0).abs())
                .fold(0.0, f64::max);
            on_level(level(peak / 128.0));
        });
        Some(Self { context, _ticker: ticker })
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        let _ = self.context.call("close", &[]);
    }
}

/// Maps the peak of a wave (0 to 1) to a logarithmic scale of 0 to 100; 0 is 48 decibels below the
/// maximum.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the level is between 0 and 100"
)]
fn level(peak: f64) -> u32 {
    let decibels = 20.0 * peak.max(0.001).log10();
    ((decibels / 48.0 + 1.0) * 100.0).clamp(0.0, 100.0) as u32
}

/// Plays three notes on a speaker; an empty id means the browser's default. Returns whether it
/// could.
pub(crate) async fn play_notes(speaker: String) -> bool {
    let Ok(context) = JsObject::new("AudioContext", &[]) else { return false };
    let played = notes(&context, &speaker).await.is_ok();
    let _ = context.call("close", &[]);
    played
}

async fn notes(context: &JsObject, speaker: &str) -> Result<(), JsObject> {
    let _ = context.call_async("resume", &[]).await;
    let target = context.call("createMediaStreamDestination", &[])?;
    let player = JsObject::new("Audio", &[])?;
    player.set("srcObject", target.get("stream"));
    choose_speaker(&player, speaker).await;
    player.call_async("play", &[]).await?;
    let gain = context.call("createGain", &[])?;
    gain.get("gain").set("value", 0.2);
    gain.call("connect", &[target.into()])?;
    let now = context.number_of("currentTime").unwrap_or_default();
    for (place, hertz) in [(0.0, 523.25), (0.35, 659.25), (0.7, 783.99)] {
        let note = JsObject::new(
            "OscillatorNode",
            &[context.into(), object(&[("frequency", hertz.into())]).into()],
        )?;
        note.call("connect", &[(&gain).into()])?;
        note.call("start", &[(now + place).into()])?;
        note.call("stop", &[(now + place + 0.3).into()])?;
    }
    pause(Duration::from_millis(1300)).await;
    player.call("pause", &[])?;
    Ok(())
}

/// Routes an element's sound to this speaker, where the browser supports the choice.
pub(crate) async fn choose_speaker(player: &JsObject, speaker: &str) {
    if player.get("setSinkId").exists() {
        // If the speaker is gone, the sound stays on its current output.
        let _ = player.call_async("setSinkId", &[speaker.into()]).await;
    }
}
