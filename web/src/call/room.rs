//! State of a call in this browser: the seat, the participants, the times, and a peer connection to
//! each participant.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::{Rc, Weak},
    time::Duration,
};

use leptos::prelude::*;
use parlour_wire::{
    CALL_VERSION, CallDoor, CallPerson, CallRole, ClientMessage, IceServers, Join, Media, Moment,
    PresenceState, ServerMessage, TransportPolicy,
};
use uuid::Uuid;

use super::{
    devices::{Devices, VideoFormat},
    js_object::{JsObject, Listener},
    network::configuration,
    peer::{Peer, PeerContext, RemoteMedia},
    socket::{Socket, SocketEvent},
    timer::Ticker,
};
use crate::api;

/// The stage of a person between joining a call and leaving it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum CallStage {
    /// The server has not answered yet.
    Joining,
    /// The person is in the call with another device or tab.
    MoveHere,
    /// A code must be entered.
    Code {
        masked_email: String,
        sent: bool,
        wrong: bool,
    },
    /// The call is full; the number is the position in the queue.
    Waiting(u32),
    Seated,
    /// The person is out of the call; the code and the detail give the reason.
    Out {
        code: String,
        detail: String,
    },
}

/// The times of the call, by the server's clock.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Times {
    pub(crate) starts_at: Moment,
    pub(crate) ends_at: Moment,
    pub(crate) can_extend: bool,
    pub(crate) late_minutes: u32,
}

/// A handle of a call. It is copyable; the call ends with the page that created it.
#[derive(Clone, Copy)]
pub(crate) struct Call {
    pub(crate) stage: RwSignal<CallStage>,
    pub(crate) people: RwSignal<Vec<CallPerson>>,
    pub(crate) me: Uuid,
    /// The WebSocket to the server is connected.
    pub(crate) socket_connected: RwSignal<bool>,
    /// The number of consecutive failures of the WebSocket.
    pub(crate) failures: RwSignal<u32>,
    /// The WebSocket breaks repeatedly.
    pub(crate) unstable: RwSignal<bool>,
    /// A participant who is present could not be reached for longer than a slow connection
    /// explains.
    pub(crate) is_unreachable: RwSignal<bool>,
    /// The participants who have been in the call.
    pub(crate) met: RwSignal<Vec<Uuid>>,
    /// The browser currently plays no sound.
    pub(crate) deaf: RwSignal<bool>,
    pub(crate) times: RwSignal<Times>,
    /// The server's time in milliseconds, updated once a second.
    pub(crate) now: RwSignal<i64>,
    /// The relay refuses our credentials.
    pub(crate) relay_refused: RwSignal<bool>,
    /// The latest refusal by the server.
    pub(crate) problem: RwSignal<Option<String>>,
    engine: StoredValue<Option<Rc<CallEngine>>, LocalStorage>,
}

struct CallEngine {
    call: Call,
    owner: Owner,
    context: Rc<PeerContext>,
    socket: RefCell<Option<Socket>>,
    peers: RefCell<HashMap<Uuid, Rc<Peer>>>,
    remote_media_by_person: RefCell<HashMap<Uuid, RemoteMedia>>,
    /// The number of our connection, while we have a seat.
    connection: Cell<Option<u32>>,
    /// The key of this tab.
    tab: String,
    /// The role of the people to whom we connect through the relay only.
    relayed_with: Cell<Option<CallRole>>,
    /// This tab was just loaded and has no earlier peer connections.
    fresh: Cell<bool>,
    /// Offset of the server's clock from ours, in milliseconds.
    clock_offset: Cell<f64>,
    /// The server's time since which a participant can't be reached.
    unreachable_since: Cell<Option<i64>>,
    /// The time of the latest refusal by the server.
    problem_at: Cell<i64>,
    listeners: RefCell<Vec<Listener>>,
    tickers: RefCell<Vec<Ticker>>,
}

/// The time after the call's end at which we leave by ourselves, in case the server does not end
/// the call for us.
const END_GRACE_MS: i64 = 3000;

/// The time that two participants may take to connect before they are told that there may be no
/// path. Where there is a path, connecting takes a second or two.
const CONNECT_TIMEOUT_MS: i64 = 8000;

/// The time for which a refusal is shown.
const PROBLEM_SHOWN_MS: i64 = 10_000;

impl Call {
    /// Enters the call behind this door. `clock_offset` says how far the server's clock is ahead of
    /// ours, in milliseconds.
    pub(crate) fn enter(
        door: &CallDoor,
        servers: &IceServers,
        devices: Devices,
        guest: bool,
        tab: String,
        clock_offset: f64,
    ) -> Self {
        let times = Times {
            starts_at: door.starts_at,
            ends_at: door.ends_at,
            can_extend: false,
            late_minutes: door.late_minutes,
        };
        let call = Self {
            stage: RwSignal::new(CallStage::Joining),
            people: RwSignal::new(Vec::new()),
            me: door.you.id,
            socket_connected: RwSignal::new(false),
            failures: RwSignal::new(0),
            unstable: RwSignal::new(false),
            is_unreachable: RwSignal::new(false),
            met: RwSignal::new(Vec::new()),
            deaf: RwSignal::new(false),
            times: RwSignal::new(times),
            now: RwSignal::new(server_now(clock_offset)),
            relay_refused: RwSignal::new(false),
            problem: RwSignal::new(None),
            engine: StoredValue::new_local(None),
        };
        let engine = CallEngine::start(call, tab, configurations(servers), devices, clock_offset);
        call.engine.set_value(Some(Rc::clone(&engine)));
        // ICE servers that were fetched before the call opened are valid for a few minutes only, so
        // they are fetched again.
        let (context, booking) = (Rc::downgrade(&engine.context), door.booking_id);
        super::run(async move {
            if let (Ok(servers), Some(context)) =
                (api::get_ice_servers(Some(booking)).await, context.upgrade())
            {
                context.configurations.replace(configurations(&servers));
            }
        });
        let path = if guest { "guest/appointments" } else { "bookings" };
        let weak = Rc::downgrade(&engine);
        let socket =
            Socket::open(&format!("{path}/{}/call/socket", door.booking_id), move |event| {
                if let Some(engine) = weak.upgrade() {
                    engine.on_socket_event(event);
                }
            });
        engine.socket.replace(Some(socket));
        // Every change of the sent media is reported to the server, and every peer switches its
        // tracks.
        Effect::new(move || {
            let media = media_state(devices, call.deaf.get());
            devices.sound.track();
            if let Some(engine) = call.engine.try_get_value().flatten() {
                engine.send_media_state(media);
                engine.for_each_peer(|peer| peer.switch_tracks());
            }
        });
        on_cleanup(move || call.leave());
        call
    }

    /// Leaves the call; the seat and the connections are released at once. The devices stay as they
    /// are: the page owns them.
    pub(crate) fn leave(self) {
        if let Some(engine) = self.engine.try_update_value(Option::take).flatten() {
            engine.send(&ClientMessage::Leave);
            engine.end();
        }
    }

    /// Moves the seat from the person's other device or tab to this one.
    pub(crate) fn move_here(self) {
        self.stage.set(CallStage::Joining);
        self.with(|engine| engine.join(true, None));
    }

    /// Enters with the mailed code.
    pub(crate) fn enter_code(self, code: String) {
        self.with(|engine| engine.join(true, Some(code)));
    }

    /// Asks the server to mail the code.
    pub(crate) fn send_code(self) {
        self.send(&ClientMessage::SendCode);
    }

    /// Extends the call by a minute.
    pub(crate) fn extend(self) {
        self.send(&ClientMessage::Extend);
    }

    /// Drops the WebSocket to the server and opens a new one.
    pub(crate) fn retry(self) {
        self.with(|engine| {
            if let Some(socket) = &*engine.socket.borrow() {
                socket.reconnect();
            }
        });
    }

    /// Returns the received media of a participant.
    pub(crate) fn remote_media(self, person: Uuid) -> Option<RemoteMedia> {
        Some(self.engine.try_get_value().flatten()?.remote_media(person))
    }

    /// Returns whether media flow: the person has a seat, and the call has begun.
    pub(crate) fn is_active(self) -> bool {
        self.stage.get() == CallStage::Seated
            && self.now.get() >= self.times.get().starts_at.timestamp_millis()
    }

    fn send(self, message: &ClientMessage) {
        self.with(|engine| engine.send(message));
    }

    fn with(self, work: impl FnOnce(&Rc<CallEngine>)) {
        if let Some(engine) = self.engine.try_get_value().flatten() {
            work(&engine);
        }
    }
}

impl CallEngine {
    fn start(
        call: Call,
        tab: String,
        configurations: [JsObject; 2],
        devices: Devices,
        clock_offset: f64,
    ) -> Rc<Self> {
        let engine = Rc::new_cyclic(|weak: &Weak<Self>| {
            let voice = weak.clone();
            let context = PeerContext {
                configurations: RefCell::new(configurations),
                devices,
                picture: Cell::new(VideoFormat::for_people(2)),
                send_signal: Box::new(move |to, to_connection, signal| {
                    if let Some(engine) = voice.upgrade() {
                        engine.send(&ClientMessage::Signal { to, to_connection, signal });
                    }
                }),
                on_relay_refused: Box::new(move || {
                    call.relay_refused.try_set(true);
                }),
            };
            Self {
                call,
                owner: Owner::current().unwrap_or_default(),
                context: Rc::new(context),
                socket: RefCell::default(),
                peers: RefCell::default(),
                remote_media_by_person: RefCell::default(),
                connection: Cell::new(None),
                tab,
                relayed_with: Cell::new(None),
                fresh: Cell::new(true),
                clock_offset: Cell::new(clock_offset),
                unreachable_since: Cell::new(None),
                problem_at: Cell::new(0),
                listeners: RefCell::default(),
                tickers: RefCell::default(),
            }
        });
        let every = |milliseconds: u64, work: fn(&Rc<Self>)| {
            let weak = Rc::downgrade(&engine);
            Ticker::every(Duration::from_millis(milliseconds), move || {
                if let Some(engine) = weak.upgrade() {
                    work(&engine);
                }
            })
        };
        engine.tickers.replace(vec![
            every(250, Self::tick),
            every(3000, |engine| engine.for_each_peer(Peer::sample_quality)),
        ]);
        // Closing the page leaves the call, so that no seat is held for a person who has gone.
        let hidden = JsObject::window().on("pagehide", move |_| {
            call.leave();
            devices.stop();
        });
        engine.listeners.replace(vec![hidden]);
        engine
    }

    fn on_socket_event(self: &Rc<Self>, event: SocketEvent) {
        match event {
            SocketEvent::Open => {
                self.call.socket_connected.try_set(true);
                self.join(false, None);
            }
            SocketEvent::Lost { failures, is_unstable } => {
                self.call.socket_connected.try_set(false);
                self.call.failures.try_set(failures);
                self.call.unstable.try_set(is_unstable);
            }
            SocketEvent::Stable => {
                self.call.unstable.try_set(false);
            }
            SocketEvent::Message(message) => self.on_server_message(message),
        }
    }

    fn on_server_message(self: &Rc<Self>, message: ServerMessage) {
        let call = self.call;
        match message {
            ServerMessage::Welcome { relayed_with, .. } => {
                self.relayed_with.set(relayed_with);
                call.failures.try_set(0);
                if let Some(socket) = &*self.socket.borrow() {
                    socket.on_welcome();
                }
            }
            ServerMessage::Seated { connection, .. } => {
                if self.connection.replace(Some(connection)) != Some(connection) {
                    self.peers.take();
                }
                self.fresh.set(false);
                call.stage.try_set(CallStage::Seated);
                self.send_media_state(untrack(|| {
                    media_state(self.context.devices, call.deaf.get())
                }));
                self.sync();
            }
            ServerMessage::Waiting { place } => {
                self.connection.set(None);
                self.peers.take();
                call.stage.try_set(CallStage::Waiting(place));
            }
            ServerMessage::People { people } => {
                let new = |person: &&CallPerson| {
                    person.state == PresenceState::InCall
                        && !call.met.with_untracked(|met| met.contains(&person.id))
                };
                let new: Vec<Uuid> = people.iter().filter(new).map(|person| person.id).collect();
                if !new.is_empty() {
                    call.met.try_update(|met| met.extend(new));
                }
                call.people.try_set(people);
                self.sync();
            }
            ServerMessage::Signal { from, from_connection, to_connection, signal } => {
                if self.connection.get() == Some(to_connection)
                    && let Some(peer) = self.peer(from, from_connection)
                {
                    peer.on_signal(signal);
                }
            }
            ServerMessage::Times { now, starts_at, ends_at, can_extend, late_minutes } => {
                self.clock_offset.set(now.timestamp_millis() as f64 - js_sys::Date::now());
                call.times.try_set(Times { starts_at, ends_at, can_extend, late_minutes });
                self.tick();
            }
            ServerMessage::MoveHere => {
                call.stage.try_set(CallStage::MoveHere);
            }
            ServerMessage::CodeRequired { masked_email, sent, wrong } => {
                call.stage.try_set(CallStage::Code { masked_email, sent, wrong });
            }
            ServerMessage::Out { code, detail } => self.end_with(code, detail),
            ServerMessage::Pong { .. } => {}
            ServerMessage::Problem { detail, .. } => {
                call.problem.try_set(Some(detail));
                self.problem_at.set(call.now.get_untracked());
            }
        }
    }

    fn join(&self, move_here: bool, code: Option<String>) {
        let device = self.tab.clone();
        self.send(&ClientMessage::Join(Join {
            version: CALL_VERSION,
            device,
            move_here,
            fresh: self.fresh.get(),
            code,
        }));
    }

    /// Only a participant with a seat reports the sent media.
    fn send_media_state(&self, media: Media) {
        if self.connection.get().is_some() {
            self.send(&ClientMessage::Media(media));
        }
    }

    fn send(&self, message: &ClientMessage) {
        if let Some(socket) = &*self.socket.borrow() {
            socket.send(message);
        }
    }

    /// Returns the peer for one connection of a person, which is created if necessary; `None` if a
    /// later connection of that person is known.
    fn peer(self: &Rc<Self>, person: Uuid, theirs: u32) -> Option<Rc<Peer>> {
        let own = self.connection.get()?;
        let known = self.peers.borrow().get(&person).cloned();
        match known {
            Some(peer) if peer.theirs == theirs => Some(peer),
            Some(peer) if peer.theirs > theirs => None,
            _ => {
                let gone = self.peers.borrow_mut().remove(&person);
                drop(gone);
                let peer = Peer::new(
                    person,
                    own,
                    theirs,
                    self.remote_media(person),
                    self.is_relayed(person),
                    Rc::clone(&self.context),
                );
                self.peers.borrow_mut().insert(person, Rc::clone(&peer));
                Some(peer)
            }
        }
    }

    /// Returns whether we connect to a person through the relay only. That also applies to a person
    /// whose role is not known yet.
    fn is_relayed(&self, person: Uuid) -> bool {
        let role = self.call.people.with_untracked(|people| {
            people.iter().find(|one| one.id == person).map(|one| one.role)
        });
        self.relayed_with.get().is_some_and(|with| role.is_none_or(|role| role == with))
    }

    fn remote_media(&self, person: Uuid) -> RemoteMedia {
        let known = self.remote_media_by_person.borrow().get(&person).copied();
        known.unwrap_or_else(|| {
            // Signals that are created while a message is handled must still belong to the page.
            let remote_media = self.owner.with(RemoteMedia::new);
            self.remote_media_by_person.borrow_mut().insert(person, remote_media);
            remote_media
        })
    }

    /// Creates and removes peers to match the seated participants.
    fn sync(self: &Rc<Self>) {
        if self.connection.get().is_none() || !untrack(|| self.call.is_active()) {
            return;
        }
        let people = self.call.people.get_untracked();
        let others: Vec<_> =
            people.iter().filter(|person| person.id != self.call.me && has_seat(person)).collect();
        let picture = VideoFormat::for_people(others.len() + 1);
        self.context.picture.set(picture);
        self.context.devices.resize(picture);
        let seated: Vec<Uuid> = others.iter().map(|person| person.id).collect();
        let gone: Vec<_> =
            self.peers.borrow_mut().extract_if(|id, _| !seated.contains(id)).collect();
        drop(gone);
        for person in others {
            if let Some(peer) =
                person.connection.and_then(|connection| self.peer(person.id, connection))
            {
                if person.state == PresenceState::InCall {
                    peer.begin();
                }
                peer.limit_bitrate();
            }
        }
    }

    /// Runs every 250 ms; its work is done when a new second has begun.
    fn tick(self: &Rc<Self>) {
        let now = server_now(self.clock_offset.get());
        let before = self.call.now.get_untracked();
        if now.div_euclid(1000) == before.div_euclid(1000) {
            return;
        }
        self.call.now.set(now);
        self.check_reachability(now);
        if now - self.problem_at.get() > PROBLEM_SHOWN_MS
            && self.call.problem.with_untracked(Option::is_some)
        {
            self.call.problem.set(None);
        }
        let times = self.call.times.get_untracked();
        let begins = times.starts_at.timestamp_millis();
        if before < begins && begins <= now {
            self.sync();
        }
        if now > times.ends_at.timestamp_millis() + END_GRACE_MS {
            self.end_with("call_over".to_owned(), String::new());
        }
    }

    /// Updates `is_unreachable`: whether a present participant has been unreachable for too long.
    fn check_reachability(&self, now: i64) {
        let call = self.call;
        let is_apart = |person: &CallPerson| {
            person.id != call.me
                && person.state == PresenceState::InCall
                && !untrack(|| self.remote_media(person.id).connected.get())
        };
        let talks = self.connection.get().is_some()
            && untrack(|| call.socket_connected.get() && call.is_active());
        let apart = talks && call.people.with_untracked(|people| people.iter().any(is_apart));
        let since = apart.then(|| self.unreachable_since.get().unwrap_or(now));
        self.unreachable_since.set(since);
        let is_unreachable = since.is_some_and(|since| now - since >= CONNECT_TIMEOUT_MS);
        if call.is_unreachable.get_untracked() != is_unreachable {
            call.is_unreachable.set(is_unreachable);
        }
    }

    fn end_with(self: &Rc<Self>, code: String, detail: String) {
        self.call.engine.try_set_value(None);
        self.end();
        self.call.stage.try_set(CallStage::Out { code, detail });
    }

    /// Closes all connections.
    fn end(&self) {
        drop(self.socket.take());
        self.peers.take();
        self.tickers.take();
        self.listeners.take();
        self.connection.set(None);
    }

    fn for_each_peer(&self, work: impl Fn(&Rc<Peer>)) {
        let peers: Vec<_> = self.peers.borrow().values().cloned().collect();
        peers.iter().for_each(work);
    }
}

/// Returns the configurations by the school's policy and for the relay only.
fn configurations(servers: &IceServers) -> [JsObject; 2] {
    [servers.transport_policy, TransportPolicy::Relay].map(|policy| configuration(servers, policy))
}

/// Returns the server's time in milliseconds. `clock_offset` says how far its clock is ahead of
/// ours.
pub(crate) fn server_now(clock_offset: f64) -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a time in milliseconds is far below the limit"
    )]
    let now = (js_sys::Date::now() + clock_offset) as i64;
    now
}

/// Returns which media these devices currently send.
fn media_state(devices: Devices, deaf: bool) -> Media {
    Media {
        audio: devices.sends_audio(),
        video: devices.sends_video(),
        screen: devices.screen.with(Option::is_some),
        deaf,
    }
}

/// Returns whether a participant has a seat, present or reconnecting.
pub(crate) fn has_seat(person: &CallPerson) -> bool {
    matches!(person.state, PresenceState::InCall | PresenceState::Reconnecting)
}
