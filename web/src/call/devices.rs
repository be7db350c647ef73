//! Camera, microphone and speaker of this device: their state, the chosen devices, and the errors.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use leptos::prelude::*;
use wasm_bindgen::JsValue;

use super::{
    js_object::{JsObject, JsResult, Listener, list, object},
    timer::pause,
};

/// The kinds of device that a person can choose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum DeviceKind {
    Camera,
    Microphone,
    Speaker,
}

impl DeviceKind {
    /// Returns the kind as `MediaDeviceInfo.kind` names it.
    fn media_device_kind(self) -> &'static str {
        match self {
            Self::Camera => "videoinput",
            Self::Microphone => "audioinput",
            Self::Speaker => "audiooutput",
        }
    }

    /// Returns the storage key of the chosen device.
    fn key(self) -> &'static str {
        match self {
            Self::Camera => "parlour.camera",
            Self::Microphone => "parlour.microphone",
            Self::Speaker => "parlour.speaker",
        }
    }
}

/// The reason why a device can't be used. Each has a text that says what to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum DeviceError {
    /// The person refused, or the browser refused without asking.
    Blocked,
    /// The operating system denies the browser access.
    BlockedBySystem,
    /// There is no such device, or it is gone.
    Missing,
    /// Another program uses the device.
    Busy,
    /// The page was loaded without encryption, so the browser offers no devices.
    Insecure,
    /// The page is secure and the browser still offers no devices; mostly a browser inside another
    /// app.
    Unsupported,
    /// The request for the device was never answered.
    Hung,
    /// Any other error.
    Other,
}

impl DeviceError {
    fn of(error: &JsObject) -> Self {
        match error.text_of("name").as_str() {
            "NotAllowedError" if error.text_of("message").contains("system") => {
                Self::BlockedBySystem
            }
            "NotAllowedError" | "SecurityError" => Self::Blocked,
            "NotFoundError" | "OverconstrainedError" => Self::Missing,
            "NotReadableError" | "AbortError" => Self::Busy,
            HUNG => Self::Hung,
            _ => Self::Other,
        }
    }
}

/// The time that an allowed device has to answer.
const HANG_TIMEOUT: Duration = Duration::from_secs(8);

/// The interval between two checks for the answer.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The error name of a device that did not answer in time, in the style of the browser's names.
const HUNG: &str = "ParlourHung";

/// The state of a camera or a microphone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum DeviceState {
    Off,
    /// The browser may be asking the person.
    Asking,
    On,
    Failed(DeviceError),
}

/// A device that can be chosen.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct DeviceOption {
    pub(crate) kind: DeviceKind,
    pub(crate) id: String,
    /// The name of the device; empty until the person has allowed a device.
    pub(crate) label: String,
}

/// The format of the sent picture, which depends on the number of people who receive it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct VideoFormat {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) rate: u32,
    /// The bitrate in bits per second.
    pub(crate) bitrate: u32,
}

impl VideoFormat {
    /// Returns the format for a call of this many people; each person sends their picture to all
    /// others.
    pub(crate) fn for_people(people: usize) -> Self {
        match people {
            0..=2 => Self { width: 640, height: 480, rate: 24, bitrate: 900_000 },
            3 | 4 => Self { width: 480, height: 360, rate: 15, bitrate: 450_000 },
            _ => Self { width: 480, height: 360, rate: 15, bitrate: 300_000 },
        }
    }

    fn constraints(self) -> JsObject {
        let ideal = |value: u32| object(&[("ideal", value.into())]).into();
        let rate = object(&[("ideal", self.rate.into()), ("max", 30.into())]).into();
        object(&[("width", ideal(self.width)), ("height", ideal(self.height)), ("frameRate", rate)])
    }
}

pub(crate) type Track = RwSignal<Option<JsObject>, LocalStorage>;

/// Camera, microphone and shared screen of this person. It is a copyable handle; the devices are
/// released with the page that created it.
#[derive(Clone, Copy)]
pub(crate) struct Devices {
    pub(crate) camera: RwSignal<DeviceState>,
    pub(crate) microphone: RwSignal<DeviceState>,
    /// The camera's track, while the camera is on.
    pub(crate) picture: Track,
    /// The microphone's track, muted or not.
    pub(crate) sound: Track,
    /// The screen's track, while the screen is shared.
    pub(crate) screen: Track,
    /// The microphone is on and sends silence.
    pub(crate) muted: RwSignal<bool>,
    /// The system has muted the microphone: by a hardware switch, for another program, or for a
    /// telephone call.
    pub(crate) audio_interrupted: RwSignal<bool>,
    /// The system has interrupted the picture.
    pub(crate) video_interrupted: RwSignal<bool>,
    /// The device that was chosen before is gone, and another one is used instead.
    pub(crate) replaced: RwSignal<bool>,
    pub(crate) list: RwSignal<Vec<DeviceOption>>,
    chosen: RwSignal<[String; 3]>,
    size: StoredValue<VideoFormat>,
    /// The number of the latest request for the camera and for the microphone. A track of an
    /// earlier request is stopped at once.
    requests: StoredValue<[u32; 2]>,
    listeners: StoredValue<Vec<Listener>, LocalStorage>,
}

impl Devices {
    /// Starts with everything off. Devices that are on are switched off when the page is removed.
    pub(crate) fn new() -> Self {
        let devices = Self {
            camera: RwSignal::new(DeviceState::Off),
            microphone: RwSignal::new(DeviceState::Off),
            picture: RwSignal::new_local(None),
            sound: RwSignal::new_local(None),
            screen: RwSignal::new_local(None),
            muted: RwSignal::new(false),
            audio_interrupted: RwSignal::new(false),
            video_interrupted: RwSignal::new(false),
            replaced: RwSignal::new(false),
            list: RwSignal::new(Vec::new()),
            chosen: RwSignal::new(
                [DeviceKind::Camera, DeviceKind::Microphone, DeviceKind::Speaker]
                    .map(stored_device),
            ),
            size: StoredValue::new(VideoFormat::for_people(2)),
            requests: StoredValue::new([0, 0]),
            listeners: StoredValue::new_local(Vec::new()),
        };
        let media = JsObject::media_devices();
        if media.exists() {
            let listener = media.on("devicechange", move |_| devices.list_devices());
            devices.listeners.update_value(|listeners| listeners.push(listener));
        }
        on_cleanup(move || devices.stop());
        devices.list_devices();
        devices
    }

    /// Switches camera and microphone on, with a single permission prompt where possible. If the
    /// joint request fails, each is requested by itself.
    pub(crate) fn start(self) {
        let (camera, microphone) =
            (self.next_request(DeviceKind::Camera), self.next_request(DeviceKind::Microphone));
        self.camera.set(DeviceState::Asking);
        self.microphone.set(DeviceState::Asking);
        super::run(async move {
            let media = JsObject::media_devices();
            // If both permissions are granted already, each device is opened by itself, so that a
            // hanging camera does not delay the microphone.
            if media.exists() && !(is_allowed("camera").await && is_allowed("microphone").await) {
                let constraints = object(&[
                    ("video", self.constraints(DeviceKind::Camera, true)),
                    ("audio", self.constraints(DeviceKind::Microphone, true)),
                ]);
                if let Ok(stream) = get_user_media(&media, constraints, "camera").await {
                    self.on_track(
                        DeviceKind::Camera,
                        camera,
                        first_track(&stream, "getVideoTracks"),
                    );
                    self.on_track(
                        DeviceKind::Microphone,
                        microphone,
                        first_track(&stream, "getAudioTracks"),
                    );
                    return;
                }
            }
            // The microphone comes first, since being heard matters most.
            let heard = self.open(DeviceKind::Microphone).await;
            self.on_track(DeviceKind::Microphone, microphone, heard);
            let seen = self.open(DeviceKind::Camera).await;
            self.on_track(DeviceKind::Camera, camera, seen);
        });
    }

    /// Switches the camera on or off. Switching it off releases it for other programs and turns its
    /// light off.
    pub(crate) fn set_camera(self, on: bool) {
        if on { self.acquire(DeviceKind::Camera) } else { self.release(DeviceKind::Camera) }
    }

    /// Unmutes or mutes the microphone. A muted microphone stays open, so that no word is lost
    /// after unmuting.
    pub(crate) fn set_microphone(self, on: bool) {
        self.muted.set(!on);
        let there = self
            .sound
            .with_untracked(|track| track.as_ref().map(|track| track.set("enabled", on)).is_some());
        // A microphone that the system has muted is requested again: either another one replaces
        // it, or the person sees the reason.
        if on && (!there || self.audio_interrupted.get_untracked()) {
            self.acquire(DeviceKind::Microphone);
        }
    }

    /// Returns whether this person's audio is sent.
    pub(crate) fn sends_audio(self) -> bool {
        self.microphone.get() == DeviceState::On
            && !self.muted.get()
            && !self.audio_interrupted.get()
    }

    /// Returns whether this person's camera picture is sent.
    pub(crate) fn sends_video(self) -> bool {
        self.picture.with(Option::is_some) && !self.video_interrupted.get()
    }

    /// Starts sharing the screen; the person chooses which part of it.
    pub(crate) fn share(self) {
        super::run(async move {
            let constraints = object(&[
                ("video", object(&[("frameRate", object(&[("max", 15.into())]).into())]).into()),
                ("audio", false.into()),
            ]);
            let Ok(stream) = JsObject::media_devices()
                .call_async("getDisplayMedia", &[constraints.into()])
                .await
            else {
                return;
            };
            let Ok(track) = first_track(&stream, "getVideoTracks") else { return };
            // Text must stay sharp, even at the cost of a lower frame rate.
            track.set("contentHint", "detail");
            let ended = track.on("ended", move |_| self.unshare());
            self.listeners.try_update_value(|listeners| listeners.push(ended));
            if self.screen.try_set(Some(track.clone())).is_some() {
                let _ = track.call("stop", &[]);
            }
        });
    }

    /// Stops sharing the screen.
    pub(crate) fn unshare(self) {
        if let Some(track) = self.screen.try_update(Option::take).flatten() {
            let _ = track.call("stop", &[]);
        }
    }

    /// Chooses a device, remembers the choice, and switches over if the device is in use.
    pub(crate) fn choose(self, kind: DeviceKind, id: String) {
        store_device(kind, &id);
        self.replaced.set(false);
        self.chosen.update(|chosen| chosen[kind as usize] = id);
        match kind {
            DeviceKind::Camera if self.camera.get_untracked() != DeviceState::Off => {
                self.acquire(kind)
            }
            DeviceKind::Microphone => self.acquire(kind),
            DeviceKind::Camera | DeviceKind::Speaker => {}
        }
    }

    /// Returns the id of the chosen device; empty for the browser's default.
    pub(crate) fn chosen(self, kind: DeviceKind) -> String {
        self.chosen.with(|chosen| chosen[kind as usize].clone())
    }

    /// Adjusts the picture's format to the number of people.
    pub(crate) fn resize(self, picture: VideoFormat) {
        if self.size.get_value() == picture {
            return;
        }
        self.size.set_value(picture);
        if let Some(track) = self.picture.get_untracked() {
            super::run(async move {
                let _ = track.call_async("applyConstraints", &[picture.constraints().into()]).await;
            });
        }
    }

    /// Switches everything off.
    pub(crate) fn stop(self) {
        self.unshare();
        self.release(DeviceKind::Camera);
        self.release(DeviceKind::Microphone);
    }

    fn acquire(self, kind: DeviceKind) {
        let number = self.next_request(kind);
        self.state(kind).set(DeviceState::Asking);
        super::run(async move {
            let track = self.open(kind).await;
            self.on_track(kind, number, track);
        });
    }

    fn release(self, kind: DeviceKind) {
        self.next_request(kind);
        if let Some(track) = self.track(kind).try_update(Option::take).flatten() {
            let _ = track.call("stop", &[]);
        }
        if kind == DeviceKind::Microphone {
            self.audio_interrupted
        } else {
            self.video_interrupted
        }
        .try_set(false);
        self.state(kind).try_set(DeviceState::Off);
    }

    /// Requests one device: the chosen one, or any other if that one is gone.
    async fn open(self, kind: DeviceKind) -> JsResult {
        let media = JsObject::media_devices();
        let name = if kind == DeviceKind::Camera { "video" } else { "audio" };
        let part = if kind == DeviceKind::Camera { "getVideoTracks" } else { "getAudioTracks" };
        let ask = |chosen: bool| {
            let constraints = object(&[(name, self.constraints(kind, chosen))]);
            let media = media.clone();
            async move {
                get_user_media(
                    &media,
                    constraints,
                    if kind == DeviceKind::Camera { "camera" } else { "microphone" },
                )
                .await
            }
        };
        // On some systems only one track at a time may use a device, so the current track is
        // stopped first.
        if let Some(track) = self.track(kind).try_get_untracked().flatten() {
            let _ = track.call("stop", &[]);
        }
        match ask(true).await {
            Ok(stream) => first_track(&stream, part),
            Err(error)
                if matches!(
                    error.text_of("name").as_str(),
                    "OverconstrainedError" | "NotFoundError"
                ) && self.has_choice(kind) =>
            {
                let stream = ask(false).await?;
                self.replaced.try_set(true);
                first_track(&stream, part)
            }
            Err(error) => Err(error),
        }
    }

    /// Stores the result of a request. A track is stopped if a later request was made meanwhile or
    /// the page is gone.
    fn on_track(self, kind: DeviceKind, number: u32, given: JsResult) {
        let latest =
            self.requests.try_with_value(|requests| requests[kind as usize]) == Some(number);
        match given {
            Ok(track) if !latest => {
                let _ = track.call("stop", &[]);
            }
            Ok(track) => {
                if kind == DeviceKind::Microphone {
                    track.set("enabled", !self.muted.get_untracked());
                }
                let quiet = if kind == DeviceKind::Microphone {
                    self.audio_interrupted
                } else {
                    self.video_interrupted
                };
                quiet.set(track.is_true("muted"));
                let heard = [
                    track.on("ended", move |_| self.on_device_lost(kind)),
                    track.on("mute", move |_| _ = quiet.try_set(true)),
                    track.on("unmute", move |_| _ = quiet.try_set(false)),
                ];
                self.listeners.update_value(|listeners| listeners.extend(heard));
                self.track(kind).set(Some(track));
                self.state(kind).set(DeviceState::On);
                self.list_devices();
            }
            Err(error) if latest => {
                let trouble = match JsObject::media_devices().exists() {
                    true => DeviceError::of(&error),
                    false if JsObject::window().is_true("isSecureContext") => {
                        DeviceError::Unsupported
                    }
                    false => DeviceError::Insecure,
                };
                self.track(kind).set(None);
                self.state(kind).set(DeviceState::Failed(trouble));
            }
            Err(_) => {}
        }
    }

    /// Replaces a device that was unplugged, if there is another one.
    fn on_device_lost(self, kind: DeviceKind) {
        if self.track(kind).try_update(Option::take).flatten().is_some() {
            self.acquire(kind);
        }
    }

    /// Updates the list of available devices.
    fn list_devices(self) {
        super::run(async move {
            let Ok(found) = JsObject::media_devices().call_async("enumerateDevices", &[]).await
            else {
                return;
            };
            let kinds = [DeviceKind::Camera, DeviceKind::Microphone, DeviceKind::Speaker];
            let choices = found.items().into_iter().filter_map(|one| {
                let kind = kinds
                    .into_iter()
                    .find(|kind| kind.media_device_kind() == one.text_of("kind"))?;
                let choice =
                    DeviceOption { kind, id: one.text_of("deviceId"), label: one.text_of("label") };
                (!choice.id.is_empty()).then_some(choice)
            });
            self.list.try_set(choices.collect());
        });
    }

    fn constraints(self, kind: DeviceKind, chosen: bool) -> JsValue {
        let constraints = if kind == DeviceKind::Camera {
            let constraints =
                self.size.try_get_value().unwrap_or(VideoFormat::for_people(2)).constraints();
            constraints.set("facingMode", "user");
            constraints
        } else {
            object(&[
                ("echoCancellation", true.into()),
                ("noiseSuppression", true.into()),
                ("autoGainControl", true.into()),
            ])
        };
        let id =
            self.chosen.try_with_untracked(|ids| ids[kind as usize].clone()).unwrap_or_default();
        if chosen && !id.is_empty() {
            constraints.set("deviceId", object(&[("exact", id.into())]));
        }
        constraints.into()
    }

    fn has_choice(self, kind: DeviceKind) -> bool {
        self.chosen.try_with_untracked(|ids| !ids[kind as usize].is_empty()) == Some(true)
    }

    fn next_request(self, kind: DeviceKind) -> u32 {
        self.requests
            .try_update_value(|requests| {
                requests[kind as usize] += 1;
                requests[kind as usize]
            })
            .unwrap_or_default()
    }

    fn state(self, kind: DeviceKind) -> RwSignal<DeviceState> {
        if kind == DeviceKind::Camera { self.camera } else { self.microphone }
    }

    fn track(self, kind: DeviceKind) -> Track {
        if kind == DeviceKind::Camera { self.picture } else { self.sound }
    }
}

fn first_track(stream: &JsObject, part: &str) -> JsResult {
    stream.call(part, &[])?.items().into_iter().next().ok_or_else(JsObject::default)
}

/// Returns whether the browser grants this device without a prompt.
async fn is_allowed(name: &str) -> bool {
    permission(name).await == "granted"
}

/// Returns the permission's state: `granted`, `prompt` or `denied`; empty where the browser does
/// not tell.
async fn permission(name: &str) -> String {
    let permissions = JsObject::window().get("navigator").get("permissions");
    permissions
        .call_async("query", &[object(&[("name", name.into())]).into()])
        .await
        .unwrap_or_default()
        .text_of("state")
}

/// Requests devices. A request that hangs fails after `HANG_TIMEOUT`, and a stream that still
/// arrives later is stopped. The timeout does not apply while the browser is prompting the person.
async fn get_user_media(media: &JsObject, constraints: JsObject, name: &'static str) -> JsResult {
    let answer: Rc<RefCell<Option<JsResult>>> = Rc::default();
    let given_up = Rc::new(Cell::new(false));
    let asked = (media.clone(), Rc::clone(&answer), Rc::clone(&given_up));
    super::run(async move {
        let (media, answer, given_up) = asked;
        let given = media.call_async("getUserMedia", &[constraints.into()]).await;
        match given {
            Ok(stream) if given_up.get() => {
                for track in stream.call("getTracks", &[]).unwrap_or_default().items() {
                    let _ = track.call("stop", &[]);
                }
            }
            given => _ = answer.replace(Some(given)),
        }
    });
    let mut waited = Duration::ZERO;
    loop {
        pause(POLL_INTERVAL).await;
        if let Some(given) = answer.take() {
            return given;
        }
        waited += POLL_INTERVAL;
        if waited >= HANG_TIMEOUT {
            if permission(name).await != "prompt" {
                given_up.set(true);
                return Err(object(&[("name", HUNG.into())]));
            }
            waited = Duration::ZERO;
        }
    }
}

/// Creates a stream of these tracks for a media element.
pub(crate) fn stream_of(tracks: &[JsObject]) -> JsObject {
    let tracks: Vec<JsValue> = tracks.iter().map(JsValue::from).collect();
    JsObject::new("MediaStream", &[list(&tracks).into()]).unwrap_or_default()
}

fn local_storage() -> JsObject {
    JsObject::window().get("localStorage")
}

fn stored_device(kind: DeviceKind) -> String {
    local_storage().call("getItem", &[kind.key().into()]).unwrap_or_default().text()
}

/// Remembers the chosen device. Where the browser forbids storage, nothing is remembered.
fn store_device(kind: DeviceKind, id: &str) {
    let _ = local_storage().call("setItem", &[kind.key().into(), id.into()]);
}
