//! Peer connection to one other person: negotiation, sent tracks, and recovery after failures
//! (`docs/calls.md`).

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
    time::Duration,
};

use leptos::prelude::*;
use parlour_wire::{Signal, SignalKind};
use uuid::Uuid;
use wasm_bindgen::JsValue;

use super::{
    devices::{Devices, Track, VideoFormat},
    js_object::{JsObject, Listener, object},
    network::is_refusal,
    quality::{Quality, Sample, sample_of},
    timer::Timer,
};

/// The time that a pair has to connect before the connection is rebuilt.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The bitrate in bits per second at which a shared screen is sharp.
const SCREEN_BITRATE: u32 = 1_500_000;

/// The received media of one person. It outlives their connections.
#[derive(Clone, Copy)]
pub(crate) struct RemoteMedia {
    pub(crate) connected: RwSignal<bool>,
    pub(crate) picture: Track,
    pub(crate) sound: Track,
    pub(crate) quality: RwSignal<Option<Quality>>,
}

impl RemoteMedia {
    pub(crate) fn new() -> Self {
        Self {
            connected: RwSignal::new(false),
            picture: RwSignal::new_local(None),
            sound: RwSignal::new_local(None),
            quality: RwSignal::new(None),
        }
    }

    fn clear(self) {
        self.connected.try_set(false);
        self.picture.try_set(None);
        self.sound.try_set(None);
        self.quality.try_set(None);
    }
}

/// The state that all peers of a call share.
pub(crate) struct PeerContext {
    /// The configurations of `new RTCPeerConnection(…)`: by the school's policy, and for a pair
    /// that connects through the relay only.
    pub(crate) configurations: RefCell<[JsObject; 2]>,
    pub(crate) devices: Devices,
    pub(crate) picture: Cell<VideoFormat>,
    /// Sends a signal to a person's connection, given by its number.
    pub(crate) send_signal: Box<dyn Fn(Uuid, u32, Signal)>,
    /// Called when the relay refuses our credentials.
    pub(crate) on_relay_refused: Box<dyn Fn()>,
}

/// A pair of our own connection and another person's connection.
pub(crate) struct Peer {
    them: Uuid,
    own: u32,
    pub(crate) theirs: u32,
    remote_media: RemoteMedia,
    relayed: bool,
    context: Rc<PeerContext>,
    attempt: Cell<u32>,
    connection: RefCell<Option<Rc<PeerConnection>>>,
    inbox: RefCell<VecDeque<Signal>>,
    busy: Cell<bool>,
    watchdog: RefCell<Timer>,
    sample: Cell<Sample>,
}

/// One attempt to connect a pair.
struct PeerConnection {
    pc: JsObject,
    listeners: RefCell<Vec<Listener>>,
    /// The senders of our audio and our video.
    senders: RefCell<Vec<JsObject>>,
    making_offer: Cell<bool>,
    /// The candidates that arrived before the description to which they belong.
    pending_candidates: RefCell<Vec<JsObject>>,
}

impl Peer {
    pub(crate) fn new(
        them: Uuid,
        own: u32,
        theirs: u32,
        remote_media: RemoteMedia,
        relayed: bool,
        context: Rc<PeerContext>,
    ) -> Rc<Self> {
        Rc::new(Self {
            them,
            own,
            theirs,
            remote_media,
            relayed,
            context,
            attempt: Cell::new(0),
            connection: RefCell::default(),
            inbox: RefCell::default(),
            busy: Cell::new(false),
            watchdog: RefCell::default(),
            sample: Cell::default(),
        })
    }

    /// Returns whether we are the impolite peer (perfect negotiation). The connection with the
    /// higher number offers first and does not yield in a collision of offers.
    fn is_impolite(&self) -> bool {
        self.own > self.theirs
    }

    /// Starts the first attempt, if it is ours to start.
    pub(crate) fn begin(self: &Rc<Self>) {
        if self.is_impolite() && self.attempt.get() == 0 {
            self.offer();
        }
    }

    /// Starts a new attempt with an offer of ours.
    fn offer(self: &Rc<Self>) {
        self.attempt.set(self.attempt.get() + 1);
        let Some(connection) = self.new_connection() else { return };
        for (kind, track) in ["audio", "video"].into_iter().zip(self.tracks()) {
            let what = track.map_or_else(|| kind.into(), JsValue::from);
            let way = object(&[("direction", "sendrecv".into())]);
            if let Ok(transceiver) = connection.pc.call("addTransceiver", &[what, way.into()]) {
                connection.senders.borrow_mut().push(transceiver.get("sender"));
            }
        }
        self.start_watchdog();
    }

    /// Queues a received signal; signals are handled one at a time.
    pub(crate) fn on_signal(self: &Rc<Self>, signal: Signal) {
        self.inbox.borrow_mut().push_back(signal);
        if self.busy.replace(true) {
            return;
        }
        let peer = Rc::clone(self);
        super::run(async move {
            loop {
                let next = peer.inbox.borrow_mut().pop_front();
                let Some(signal) = next else { break };
                // A failed step leaves the pair unconnected, and the watchdog then starts a new
                // attempt.
                let _ = peer.handle_signal(signal).await;
            }
            peer.busy.set(false);
        });
    }

    async fn handle_signal(self: &Rc<Self>, signal: Signal) -> Result<(), JsObject> {
        if signal.attempt > self.attempt.get() && signal.kind == SignalKind::Offer {
            self.attempt.set(signal.attempt);
            self.new_connection();
        }
        let connection = self.connection.borrow().clone();
        let Some(connection) = connection.filter(|_| signal.attempt == self.attempt.get()) else {
            return Ok(());
        };
        match signal.kind {
            SignalKind::Offer => {
                let collides = connection.making_offer.get()
                    || connection.pc.text_of("signalingState") != "stable";
                if collides && self.is_impolite() {
                    return Ok(());
                }
                connection.set_remote_description("offer", &signal.data).await?;
                self.answer(&connection).await
            }
            SignalKind::Answer if connection.pc.text_of("signalingState") == "have-local-offer" => {
                connection.set_remote_description("answer", &signal.data).await
            }
            SignalKind::Answer => Ok(()),
            SignalKind::Candidate => connection.add_candidate(&signal).await,
        }
    }

    /// Answers an offer. Our tracks are added only now, so that no offer of ours collides with
    /// theirs.
    async fn answer(self: &Rc<Self>, connection: &Rc<PeerConnection>) -> Result<(), JsObject> {
        if connection.senders.borrow().is_empty() {
            let transceivers = connection.pc.call("getTransceivers", &[])?.items();
            for (transceiver, track) in transceivers.iter().zip(self.tracks()) {
                transceiver.set("direction", "sendrecv");
                let sender = transceiver.get("sender");
                connection.senders.borrow_mut().push(sender.clone());
                sender
                    .call_async("replaceTrack", &[track.map_or(JsValue::NULL, JsValue::from)])
                    .await?;
            }
        }
        connection.pc.call_async("setLocalDescription", &[]).await?;
        self.send_description(SignalKind::Answer, &connection.pc);
        Ok(())
    }

    /// Sends an offer when the browser requests negotiation: at the start, or for an ICE restart.
    async fn negotiate(self: Rc<Self>, connection: Rc<PeerConnection>) {
        connection.making_offer.set(true);
        let set = connection.pc.call_async("setLocalDescription", &[]).await;
        if set.is_ok()
            && connection.pc.get("localDescription").text_of("type") == "offer"
            && self.is_current(&connection)
        {
            self.send_description(SignalKind::Offer, &connection.pc);
        }
        connection.making_offer.set(false);
    }

    fn send_description(&self, kind: SignalKind, pc: &JsObject) {
        let data = pc.get("localDescription").text_of("sdp");
        (self.context.send_signal)(
            self.them,
            self.theirs,
            Signal {
                attempt: self.attempt.get(),
                kind,
                data,
                sdp_mid: None,
                sdp_m_line_index: None,
            },
        );
    }

    /// Creates a connection that replaces the previous one.
    fn new_connection(self: &Rc<Self>) -> Option<Rc<PeerConnection>> {
        self.connection.take();
        self.remote_media.clear();
        let pc = JsObject::new(
            "RTCPeerConnection",
            &[(&self.context.configurations.borrow()[usize::from(self.relayed)]).into()],
        )
        .ok()?;
        let connection = Rc::new(PeerConnection {
            pc,
            listeners: RefCell::default(),
            senders: RefCell::default(),
            making_offer: Cell::new(false),
            pending_candidates: RefCell::default(),
        });
        let on = |event: &'static str, heard: fn(&Rc<Self>, &Rc<PeerConnection>, &JsObject)| {
            let (peer, weak) = (Rc::downgrade(self), Rc::downgrade(&connection));
            connection.pc.on(event, move |event| {
                if let (Some(peer), Some(connection)) = (peer.upgrade(), weak.upgrade())
                    && peer.is_current(&connection)
                {
                    heard(&peer, &connection, &event);
                }
            })
        };
        let listeners = vec![
            on("negotiationneeded", |peer, connection, _| {
                super::run(Rc::clone(peer).negotiate(Rc::clone(connection)))
            }),
            on("icecandidate", |peer, _, event| peer.on_candidate(&event.get("candidate"))),
            on("icecandidateerror", |peer, _, event| {
                if is_refusal(event) {
                    (peer.context.on_relay_refused)();
                }
            }),
            on("track", |peer, _, event| {
                let track = event.get("track");
                let place = if track.text_of("kind") == "audio" {
                    peer.remote_media.sound
                } else {
                    peer.remote_media.picture
                };
                place.try_set(Some(track));
            }),
            on("connectionstatechange", |peer, connection, _| peer.on_connection_state(connection)),
        ];
        connection.listeners.replace(listeners);
        self.connection.replace(Some(Rc::clone(&connection)));
        Some(connection)
    }

    fn on_candidate(&self, candidate: &JsObject) {
        if !candidate.exists() {
            return;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the browser counts media lines from 0 in whole numbers"
        )]
        let line = candidate.number_of("sdpMLineIndex").map(|line| line as u32);
        let mid = candidate.get("sdpMid");
        let signal = Signal {
            attempt: self.attempt.get(),
            kind: SignalKind::Candidate,
            data: candidate.text_of("candidate"),
            sdp_mid: mid.exists().then(|| mid.text()),
            sdp_m_line_index: line,
        };
        (self.context.send_signal)(self.them, self.theirs, signal);
    }

    fn on_connection_state(self: &Rc<Self>, connection: &Rc<PeerConnection>) {
        let state = connection.pc.text_of("connectionState");
        self.remote_media.connected.try_set(state == "connected");
        match state.as_str() {
            "connected" => {
                self.watchdog.take();
                self.limit_bitrate();
            }
            // Both sides may restart ICE; the collision of their offers is resolved as for any
            // other offer.
            "failed" => {
                let _ = connection.pc.call("restartIce", &[]);
                self.start_watchdog();
            }
            _ => {}
        }
    }

    /// Starts a new attempt if the pair is not connected in time. Only the impolite peer does so.
    fn start_watchdog(self: &Rc<Self>) {
        if !self.is_impolite() {
            return;
        }
        let weak = Rc::downgrade(self);
        let watchdog = Timer::after(CONNECT_TIMEOUT, move || {
            if let Some(peer) = weak.upgrade()
                && !peer.is_connected()
            {
                peer.offer();
            }
        });
        self.watchdog.replace(watchdog);
    }

    fn is_connected(&self) -> bool {
        self.connection
            .borrow()
            .as_ref()
            .is_some_and(|connection| connection.pc.text_of("connectionState") == "connected")
    }

    fn is_current(&self, connection: &Rc<PeerConnection>) -> bool {
        self.connection.borrow().as_ref().is_some_and(|current| Rc::ptr_eq(current, connection))
    }

    /// Returns our current audio and video tracks; a shared screen replaces the camera.
    fn tracks(&self) -> [Option<JsObject>; 2] {
        let devices = self.context.devices;
        let picture = devices
            .screen
            .try_get_untracked()
            .flatten()
            .or_else(|| devices.picture.try_get_untracked().flatten());
        [devices.sound.try_get_untracked().flatten(), picture]
    }

    /// Replaces the sent tracks with the current ones, which needs no negotiation.
    pub(crate) fn switch_tracks(&self) {
        let Some(connection) = self.connection.borrow().clone() else { return };
        let senders = connection.senders.borrow().clone();
        for (sender, track) in senders.into_iter().zip(self.tracks()) {
            super::run(async move {
                let _ = sender
                    .call_async("replaceTrack", &[track.map_or(JsValue::NULL, JsValue::from)])
                    .await;
            });
        }
        self.limit_bitrate();
    }

    /// Limits the video bitrate to the share for a call of this many people.
    pub(crate) fn limit_bitrate(&self) {
        let Some(connection) = self.connection.borrow().clone() else { return };
        let Some(sender) = connection.senders.borrow().get(1).cloned() else { return };
        let screen = self.context.devices.screen.try_get_untracked().flatten().is_some();
        let bitrate = if screen { SCREEN_BITRATE } else { self.context.picture.get().bitrate };
        super::run(async move {
            let Ok(parameters) = sender.call("getParameters", &[]) else { return };
            for encoding in parameters.get("encodings").items() {
                encoding.set("maxBitrate", bitrate);
            }
            let _ = sender.call_async("setParameters", &[parameters.into()]).await;
        });
    }

    /// Samples the quality of the connection.
    pub(crate) fn sample_quality(self: &Rc<Self>) {
        let Some(connection) = self.connection.borrow().clone() else { return };
        let peer = Rc::clone(self);
        super::run(async move {
            let Ok(report) = connection.pc.call_async("getStats", &[]).await else { return };
            let Ok(values) = report.call("values", &[]) else { return };
            let sample = sample_of(&values.items());
            let before = peer.sample.replace(sample);
            if peer.is_connected() {
                peer.remote_media.quality.try_set(Some(sample.since(before)));
            }
        });
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.remote_media.clear();
    }
}

impl PeerConnection {
    async fn set_remote_description(&self, kind: &str, sdp: &str) -> Result<(), JsObject> {
        let description = object(&[("type", kind.into()), ("sdp", sdp.into())]);
        self.pc.call_async("setRemoteDescription", &[description.into()]).await?;
        for candidate in self.pending_candidates.take() {
            let _ = self.pc.call_async("addIceCandidate", &[candidate.into()]).await;
        }
        Ok(())
    }

    async fn add_candidate(&self, signal: &Signal) -> Result<(), JsObject> {
        let candidate = object(&[("candidate", signal.data.as_str().into())]);
        if let Some(mid) = &signal.sdp_mid {
            candidate.set("sdpMid", mid.as_str());
        }
        if let Some(line) = signal.sdp_m_line_index {
            candidate.set("sdpMLineIndex", line);
        }
        if self.pc.get("remoteDescription").exists() {
            self.pc.call_async("addIceCandidate", &[candidate.into()]).await?;
        } else {
            self.pending_candidates.borrow_mut().push(candidate);
        }
        Ok(())
    }
}

impl Drop for PeerConnection {
    fn drop(&mut self) {
        let _ = self.pc.call("close", &[]);
    }
}
