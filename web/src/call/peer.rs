//! The connection to one other person: who offers, what is sent, and what is done when it fails
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
    devices::{Devices, Picture, Track},
    network::is_refusal,
    object::{Listener, Object, object},
    quality::{Quality, Sample, sample_of},
    timer::Timer,
};

/// How long a pair may take to connect before it is built anew.
const PATIENCE: Duration = Duration::from_secs(10);

/// A shared screen is sharp at this many bits a second.
const SCREEN_BITRATE: u32 = 1_500_000;

/// What one sees and hears of somebody. It outlives their connections.
#[derive(Clone, Copy)]
pub(crate) struct Face {
    pub(crate) connected: RwSignal<bool>,
    pub(crate) picture: Track,
    pub(crate) sound: Track,
    pub(crate) quality: RwSignal<Option<Quality>>,
}

impl Face {
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

/// What all connections of a call share.
pub(crate) struct Ways {
    /// What `new RTCPeerConnection(…)` takes: by the school's policy, and for a pair that goes
    /// through the relay alone.
    pub(crate) configurations: RefCell<[Object; 2]>,
    pub(crate) devices: Devices,
    pub(crate) picture: Cell<Picture>,
    /// Sends a signal to the connection of this number of this person.
    pub(crate) say: Box<dyn Fn(Uuid, u32, Signal)>,
    /// The relay does not take our credentials.
    pub(crate) refused: Box<dyn Fn()>,
}

/// The pair of one's own connection and another's.
pub(crate) struct Peer {
    them: Uuid,
    own: u32,
    pub(crate) theirs: u32,
    face: Face,
    relayed: bool,
    ways: Rc<Ways>,
    attempt: Cell<u32>,
    link: RefCell<Option<Rc<Link>>>,
    inbox: RefCell<VecDeque<Signal>>,
    busy: Cell<bool>,
    watchdog: RefCell<Timer>,
    sample: Cell<Sample>,
}

/// One attempt of a pair.
struct Link {
    pc: Object,
    listeners: RefCell<Vec<Listener>>,
    /// Who sends our sound and our picture.
    senders: RefCell<Vec<Object>>,
    offering: Cell<bool>,
    /// Candidates that came before the description they belong to.
    early: RefCell<Vec<Object>>,
}

impl Peer {
    pub(crate) fn new(
        them: Uuid,
        own: u32,
        theirs: u32,
        face: Face,
        relayed: bool,
        ways: Rc<Ways>,
    ) -> Rc<Self> {
        Rc::new(Self {
            them,
            own,
            theirs,
            face,
            relayed,
            ways,
            attempt: Cell::new(0),
            link: RefCell::default(),
            inbox: RefCell::default(),
            busy: Cell::new(false),
            watchdog: RefCell::default(),
            sample: Cell::default(),
        })
    }

    /// Of two, the one with the higher number offers, and is the one who does not give way.
    fn leads(&self) -> bool {
        self.own > self.theirs
    }

    /// Begins, if it is for us to begin and we have not yet.
    pub(crate) fn begin(self: &Rc<Self>) {
        if self.leads() && self.attempt.get() == 0 {
            self.offer();
        }
    }

    /// A new attempt, whose first word is ours.
    fn offer(self: &Rc<Self>) {
        self.attempt.set(self.attempt.get() + 1);
        let Some(link) = self.renew() else { return };
        for (kind, track) in ["audio", "video"].into_iter().zip(self.tracks()) {
            let what = track.map_or_else(|| kind.into(), JsValue::from);
            let way = object(&[("direction", "sendrecv".into())]);
            if let Ok(transceiver) = link.pc.call("addTransceiver", &[what, way.into()]) {
                link.senders.borrow_mut().push(transceiver.get("sender"));
            }
        }
        self.watch();
    }

    /// Takes a signal of theirs; each is worked on when the one before is done.
    pub(crate) fn hear(self: &Rc<Self>, signal: Signal) {
        self.inbox.borrow_mut().push_back(signal);
        if self.busy.replace(true) {
            return;
        }
        let peer = Rc::clone(self);
        super::run(async move {
            loop {
                let next = peer.inbox.borrow_mut().pop_front();
                let Some(signal) = next else { break };
                // A step that fails leaves the pair unconnected, which the watchdog sees.
                let _ = peer.step(signal).await;
            }
            peer.busy.set(false);
        });
    }

    async fn step(self: &Rc<Self>, signal: Signal) -> Result<(), Object> {
        if signal.attempt > self.attempt.get() && signal.kind == SignalKind::Offer {
            self.attempt.set(signal.attempt);
            self.renew();
        }
        let link = self.link.borrow().clone();
        let Some(link) = link.filter(|_| signal.attempt == self.attempt.get()) else {
            return Ok(());
        };
        match signal.kind {
            SignalKind::Offer => {
                let collides = link.offering.get() || link.pc.text_of("signalingState") != "stable";
                if collides && self.leads() {
                    return Ok(());
                }
                link.describe("offer", &signal.data).await?;
                self.answer(&link).await
            }
            SignalKind::Answer if link.pc.text_of("signalingState") == "have-local-offer" => {
                link.describe("answer", &signal.data).await
            }
            SignalKind::Answer => Ok(()),
            SignalKind::Candidate => link.add(&signal).await,
        }
    }

    /// Answers an offer. Our tracks come in only now, so that no offer of ours met theirs.
    async fn answer(self: &Rc<Self>, link: &Rc<Link>) -> Result<(), Object> {
        if link.senders.borrow().is_empty() {
            let transceivers = link.pc.call("getTransceivers", &[])?.items();
            for (transceiver, track) in transceivers.iter().zip(self.tracks()) {
                transceiver.set("direction", "sendrecv");
                let sender = transceiver.get("sender");
                link.senders.borrow_mut().push(sender.clone());
                sender.wait("replaceTrack", &[track.map_or(JsValue::NULL, JsValue::from)]).await?;
            }
        }
        link.pc.wait("setLocalDescription", &[]).await?;
        self.say(SignalKind::Answer, &link.pc);
        Ok(())
    }

    /// Offers what the browser says must be negotiated: the beginning, or new ways after a failure.
    async fn negotiate(self: Rc<Self>, link: Rc<Link>) {
        link.offering.set(true);
        let set = link.pc.wait("setLocalDescription", &[]).await;
        if set.is_ok()
            && link.pc.get("localDescription").text_of("type") == "offer"
            && self.is_current(&link)
        {
            self.say(SignalKind::Offer, &link.pc);
        }
        link.offering.set(false);
    }

    fn say(&self, kind: SignalKind, pc: &Object) {
        let data = pc.get("localDescription").text_of("sdp");
        (self.ways.say)(
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

    /// Makes a connection in place of the one before.
    fn renew(self: &Rc<Self>) -> Option<Rc<Link>> {
        self.link.take();
        self.face.clear();
        let pc = Object::new(
            "RTCPeerConnection",
            &[(&self.ways.configurations.borrow()[usize::from(self.relayed)]).into()],
        )
        .ok()?;
        let link = Rc::new(Link {
            pc,
            listeners: RefCell::default(),
            senders: RefCell::default(),
            offering: Cell::new(false),
            early: RefCell::default(),
        });
        let on = |event: &'static str, heard: fn(&Rc<Self>, &Rc<Link>, &Object)| {
            let (peer, weak) = (Rc::downgrade(self), Rc::downgrade(&link));
            link.pc.on(event, move |event| {
                if let (Some(peer), Some(link)) = (peer.upgrade(), weak.upgrade())
                    && peer.is_current(&link)
                {
                    heard(&peer, &link, &event);
                }
            })
        };
        let listeners = vec![
            on("negotiationneeded", |peer, link, _| {
                super::run(Rc::clone(peer).negotiate(Rc::clone(link)))
            }),
            on("icecandidate", |peer, _, event| peer.found(&event.get("candidate"))),
            on("icecandidateerror", |peer, _, event| {
                if is_refusal(event) {
                    (peer.ways.refused)();
                }
            }),
            on("track", |peer, _, event| {
                let track = event.get("track");
                let place = if track.text_of("kind") == "audio" {
                    peer.face.sound
                } else {
                    peer.face.picture
                };
                place.try_set(Some(track));
            }),
            on("connectionstatechange", |peer, link, _| peer.changed(link)),
        ];
        link.listeners.replace(listeners);
        self.link.replace(Some(Rc::clone(&link)));
        Some(link)
    }

    fn found(&self, candidate: &Object) {
        if !candidate.is_there() {
            return;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the browser counts them from 0 in whole numbers"
        )]
        let line = candidate.number_of("sdpMLineIndex").map(|line| line as u32);
        let mid = candidate.get("sdpMid");
        let signal = Signal {
            attempt: self.attempt.get(),
            kind: SignalKind::Candidate,
            data: candidate.text_of("candidate"),
            sdp_mid: mid.is_there().then(|| mid.text()),
            sdp_m_line_index: line,
        };
        (self.ways.say)(self.them, self.theirs, signal);
    }

    fn changed(self: &Rc<Self>, link: &Rc<Link>) {
        let state = link.pc.text_of("connectionState");
        self.face.connected.try_set(state == "connected");
        match state.as_str() {
            "connected" => {
                self.watchdog.take();
                self.limit();
            }
            // Both may do it: the answer of one is the answer to the other.
            "failed" => {
                let _ = link.pc.call("restartIce", &[]);
                self.watch();
            }
            _ => {}
        }
    }

    /// Builds the pair anew if it is not connected in time.
    fn watch(self: &Rc<Self>) {
        if !self.leads() {
            return;
        }
        let weak = Rc::downgrade(self);
        let watchdog = Timer::after(PATIENCE, move || {
            if let Some(peer) = weak.upgrade()
                && !peer.is_connected()
            {
                peer.offer();
            }
        });
        self.watchdog.replace(watchdog);
    }

    fn is_connected(&self) -> bool {
        self.link
            .borrow()
            .as_ref()
            .is_some_and(|link| link.pc.text_of("connectionState") == "connected")
    }

    fn is_current(&self, link: &Rc<Link>) -> bool {
        self.link.borrow().as_ref().is_some_and(|current| Rc::ptr_eq(current, link))
    }

    /// Our sound and our picture, as they are now.
    fn tracks(&self) -> [Option<Object>; 2] {
        let devices = self.ways.devices;
        let picture = devices
            .screen
            .try_get_untracked()
            .flatten()
            .or_else(|| devices.picture.try_get_untracked().flatten());
        [devices.sound.try_get_untracked().flatten(), picture]
    }

    /// Sends what is there now in place of what was: no negotiation is needed for it.
    pub(crate) fn switch_tracks(&self) {
        let Some(link) = self.link.borrow().clone() else { return };
        let senders = link.senders.borrow().clone();
        for (sender, track) in senders.into_iter().zip(self.tracks()) {
            super::run(async move {
                let _ = sender
                    .wait("replaceTrack", &[track.map_or(JsValue::NULL, JsValue::from)])
                    .await;
            });
        }
        self.limit();
    }

    /// Holds the picture within the share of the line that it has in a call of this many people.
    pub(crate) fn limit(&self) {
        let Some(link) = self.link.borrow().clone() else { return };
        let Some(sender) = link.senders.borrow().get(1).cloned() else { return };
        let screen = self.ways.devices.screen.try_get_untracked().flatten().is_some();
        let bitrate = if screen { SCREEN_BITRATE } else { self.ways.picture.get().bitrate };
        super::run(async move {
            let Ok(parameters) = sender.call("getParameters", &[]) else { return };
            for encoding in parameters.get("encodings").items() {
                encoding.set("maxBitrate", bitrate);
            }
            let _ = sender.wait("setParameters", &[parameters.into()]).await;
        });
    }

    /// Looks how well the connection carries.
    pub(crate) fn measure(self: &Rc<Self>) {
        let Some(link) = self.link.borrow().clone() else { return };
        let peer = Rc::clone(self);
        super::run(async move {
            let Ok(report) = link.pc.wait("getStats", &[]).await else { return };
            let Ok(values) = report.call("values", &[]) else { return };
            let sample = sample_of(&values.items());
            let before = peer.sample.replace(sample);
            if peer.is_connected() {
                peer.face.quality.try_set(Some(sample.since(before)));
            }
        });
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.face.clear();
    }
}

impl Link {
    async fn describe(&self, kind: &str, sdp: &str) -> Result<(), Object> {
        let description = object(&[("type", kind.into()), ("sdp", sdp.into())]);
        self.pc.wait("setRemoteDescription", &[description.into()]).await?;
        for candidate in self.early.take() {
            let _ = self.pc.wait("addIceCandidate", &[candidate.into()]).await;
        }
        Ok(())
    }

    async fn add(&self, signal: &Signal) -> Result<(), Object> {
        let candidate = object(&[("candidate", signal.data.as_str().into())]);
        if let Some(mid) = &signal.sdp_mid {
            candidate.set("sdpMid", mid.as_str());
        }
        if let Some(line) = signal.sdp_m_line_index {
            candidate.set("sdpMLineIndex", line);
        }
        if self.pc.get("remoteDescription").is_there() {
            self.pc.wait("addIceCandidate", &[candidate.into()]).await?;
        } else {
            self.early.borrow_mut().push(candidate);
        }
        Ok(())
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let _ = self.pc.call("close", &[]);
    }
}
