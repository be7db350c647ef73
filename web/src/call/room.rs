//! A call as this browser lives through it: its place in it, the people, the time, and a connection to each of them.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::{Rc, Weak},
    time::Duration,
};

use leptos::prelude::*;
use parlour_wire::{
    CALL_VERSION, CallDoor, CallPerson, CallRole, ClientMessage, IceServers, Join, Media, Moment, PresenceState, ServerMessage, TransportPolicy,
};
use uuid::Uuid;

use super::{
    devices::{Devices, Picture},
    network::configuration,
    object::{Listener, Object},
    peer::{Face, Peer, Ways},
    socket::{News, Socket},
    timer::Ticker,
};
use crate::api;

/// Where one is on the way into the call and out of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Stage {
    /// The server has not answered yet.
    Joining,
    /// One is in it with another device or tab.
    MoveHere,
    /// A code must be entered.
    Code {
        masked_email: String,
        sent: bool,
        wrong: bool,
    },
    /// The call is full; the place in the queue.
    Waiting(u32),
    Seated,
    /// One is out, and why.
    Out {
        code: String,
        detail: String,
    },
}

/// The call's times, by the server's clock.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Times {
    pub(crate) starts_at: Moment,
    pub(crate) ends_at: Moment,
    pub(crate) can_extend: bool,
    pub(crate) late_minutes: u32,
}

/// A call. Copied freely; it ends with the page that made it.
#[derive(Clone, Copy)]
pub(crate) struct Call {
    pub(crate) stage: RwSignal<Stage>,
    pub(crate) people: RwSignal<Vec<CallPerson>>,
    pub(crate) me: Uuid,
    /// There is a connection to the server.
    pub(crate) linked: RwSignal<bool>,
    /// How many times in a row there was none.
    pub(crate) failures: RwSignal<u32>,
    pub(crate) times: RwSignal<Times>,
    /// The server's time, in milliseconds; it moves once a second.
    pub(crate) now: RwSignal<i64>,
    /// The relay does not take our credentials.
    pub(crate) relay_refused: RwSignal<bool>,
    /// What the server refused last.
    pub(crate) problem: RwSignal<Option<String>>,
    engine: StoredValue<Option<Rc<Engine>>, LocalStorage>,
}

struct Engine {
    call: Call,
    owner: Owner,
    ways: Rc<Ways>,
    socket: RefCell<Option<Socket>>,
    peers: RefCell<HashMap<Uuid, Rc<Peer>>>,
    faces: RefCell<HashMap<Uuid, Face>>,
    /// The number of our connection, while we sit.
    connection: Cell<Option<u32>>,
    /// The key of this tab.
    tab: String,
    /// With people of this role we connect through the relay alone.
    relayed_with: Cell<Option<CallRole>>,
    /// This tab has no connections of before.
    fresh: Cell<bool>,
    /// How far the server's clock is before ours, in milliseconds.
    ahead: Cell<f64>,
    listeners: RefCell<Vec<Listener>>,
    tickers: RefCell<Vec<Ticker>>,
}

/// How long after its end we leave a call by ourselves, when the server does not put us out.
const GRACE: i64 = 3000;

impl Call {
    /// Enters the call behind this door.
    pub(crate) fn enter(door: &CallDoor, servers: &IceServers, devices: Devices, guest: bool, tab: String) -> Self {
        let times = Times { starts_at: door.starts_at, ends_at: door.ends_at, can_extend: false, late_minutes: door.late_minutes };
        let call = Self {
            stage: RwSignal::new(Stage::Joining),
            people: RwSignal::new(Vec::new()),
            me: door.you.id,
            linked: RwSignal::new(false),
            failures: RwSignal::new(0),
            times: RwSignal::new(times),
            now: RwSignal::new(door.now.timestamp_millis()),
            relay_refused: RwSignal::new(false),
            problem: RwSignal::new(None),
            engine: StoredValue::new_local(None),
        };
        let ahead = door.now.timestamp_millis() as f64 - js_sys::Date::now();
        let engine = Engine::start(call, tab, configurations(servers), devices, ahead);
        call.engine.set_value(Some(Rc::clone(&engine)));
        // Those that were asked for before the call opened live for a few minutes only.
        let (ways, booking) = (Rc::downgrade(&engine.ways), door.booking_id);
        super::run(async move {
            if let (Ok(servers), Some(ways)) = (api::get_ice_servers(Some(booking)).await, ways.upgrade()) {
                ways.configurations.replace(configurations(&servers));
            }
        });
        let path = if guest { "guest/appointments" } else { "bookings" };
        let weak = Rc::downgrade(&engine);
        let socket = Socket::open(&format!("{path}/{}/call/socket", door.booking_id), move |news| {
            if let Some(engine) = weak.upgrade() {
                engine.hear(news);
            }
        });
        engine.socket.replace(Some(socket));
        // What we send is told whenever it changes, and goes out on every connection.
        Effect::new(move || {
            let media = sent_by(devices);
            devices.sound.track();
            if let Some(engine) = call.engine.try_get_value().flatten() {
                engine.tell_media(media);
                engine.each_peer(|peer| peer.switch_tracks());
            }
        });
        on_cleanup(move || call.leave());
        call
    }

    /// Leaves: seat, camera and connections are free at once.
    pub(crate) fn leave(self) {
        if let Some(engine) = self.engine.try_update_value(Option::take).flatten() {
            engine.say(&ClientMessage::Leave);
            engine.end();
        }
    }

    /// Takes one's place from one's other device or tab.
    pub(crate) fn move_here(self) {
        self.stage.set(Stage::Joining);
        self.with(|engine| engine.join(true, None));
    }

    /// Enters with a code that was mailed.
    pub(crate) fn enter_code(self, code: String) {
        self.with(|engine| engine.join(true, Some(code)));
    }

    /// Asks for the code to be mailed.
    pub(crate) fn send_code(self) {
        self.say(&ClientMessage::SendCode);
    }

    /// Adds a minute.
    pub(crate) fn extend(self) {
        self.say(&ClientMessage::Extend);
    }

    /// What is seen and heard of somebody.
    pub(crate) fn face(self, person: Uuid) -> Option<Face> {
        Some(self.engine.try_get_value().flatten()?.face(person))
    }

    /// Whether media flow: one sits, and it has begun.
    pub(crate) fn talks(self) -> bool {
        self.stage.get() == Stage::Seated && self.now.get() >= self.times.get().starts_at.timestamp_millis()
    }

    fn say(self, message: &ClientMessage) {
        self.with(|engine| engine.say(message));
    }

    fn with(self, work: impl FnOnce(&Rc<Engine>)) {
        if let Some(engine) = self.engine.try_get_value().flatten() {
            work(&engine);
        }
    }
}

impl Engine {
    fn start(call: Call, tab: String, configurations: [Object; 2], devices: Devices, ahead: f64) -> Rc<Self> {
        let engine = Rc::new_cyclic(|weak: &Weak<Self>| {
            let voice = weak.clone();
            let ways = Ways {
                configurations: RefCell::new(configurations),
                devices,
                picture: Cell::new(Picture::for_people(2)),
                say: Box::new(move |to, to_connection, signal| {
                    if let Some(engine) = voice.upgrade() {
                        engine.say(&ClientMessage::Signal { to, to_connection, signal });
                    }
                }),
                refused: Box::new(move || {
                    call.relay_refused.try_set(true);
                }),
            };
            Self {
                call,
                owner: Owner::current().unwrap_or_default(),
                ways: Rc::new(ways),
                socket: RefCell::default(),
                peers: RefCell::default(),
                faces: RefCell::default(),
                connection: Cell::new(None),
                tab,
                relayed_with: Cell::new(None),
                fresh: Cell::new(true),
                ahead: Cell::new(ahead),
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
        engine.tickers.replace(vec![every(250, Self::tick), every(3000, |engine| engine.each_peer(Peer::measure))]);
        // Closing the page is leaving; the seat is not held for somebody who went.
        let hidden = Object::window().on("pagehide", move |_| {
            call.leave();
            devices.stop();
        });
        engine.listeners.replace(vec![hidden]);
        engine
    }

    fn hear(self: &Rc<Self>, news: News) {
        match news {
            News::Open => {
                self.call.linked.try_set(true);
                self.join(false, None);
            }
            News::Lost(failures) => {
                self.call.linked.try_set(false);
                self.call.failures.try_set(failures);
            }
            News::Message(message) => self.take(message),
        }
    }

    fn take(self: &Rc<Self>, message: ServerMessage) {
        let call = self.call;
        match message {
            ServerMessage::Welcome { heartbeat_seconds, relayed_with, .. } => {
                self.relayed_with.set(relayed_with);
                call.failures.try_set(0);
                if let Some(socket) = &*self.socket.borrow() {
                    socket.welcomed(heartbeat_seconds);
                }
            }
            ServerMessage::Seated { connection, .. } => {
                if self.connection.replace(Some(connection)) != Some(connection) {
                    self.peers.take();
                }
                self.fresh.set(false);
                call.stage.try_set(Stage::Seated);
                self.tell_media(untrack(|| sent_by(self.ways.devices)));
                self.sync();
            }
            ServerMessage::Waiting { place } => {
                self.connection.set(None);
                self.peers.take();
                call.stage.try_set(Stage::Waiting(place));
            }
            ServerMessage::People { people } => {
                call.people.try_set(people);
                self.sync();
            }
            ServerMessage::Signal { from, from_connection, to_connection, signal } => {
                if self.connection.get() == Some(to_connection)
                    && let Some(peer) = self.peer(from, from_connection)
                {
                    peer.hear(signal);
                }
            }
            ServerMessage::Times { now, starts_at, ends_at, can_extend, late_minutes } => {
                self.ahead.set(now.timestamp_millis() as f64 - js_sys::Date::now());
                call.times.try_set(Times { starts_at, ends_at, can_extend, late_minutes });
                self.tick();
            }
            ServerMessage::MoveHere => {
                call.stage.try_set(Stage::MoveHere);
            }
            ServerMessage::CodeRequired { masked_email, sent, wrong } => {
                call.stage.try_set(Stage::Code { masked_email, sent, wrong });
            }
            ServerMessage::Out { code, detail } => self.out(code, detail),
            ServerMessage::Problem { detail, .. } => {
                call.problem.try_set(Some(detail));
            }
        }
    }

    fn join(&self, move_here: bool, code: Option<String>) {
        let device = self.tab.clone();
        self.say(&ClientMessage::Join(Join { version: CALL_VERSION, device, move_here, fresh: self.fresh.get(), code }));
    }

    /// Only who sits is asked what they send.
    fn tell_media(&self, media: Media) {
        if self.connection.get().is_some() {
            self.say(&ClientMessage::Media(media));
        }
    }

    fn say(&self, message: &ClientMessage) {
        if let Some(socket) = &*self.socket.borrow() {
            socket.say(message);
        }
    }

    /// The peer of this connection of somebody; `None` when a later one of theirs is known.
    fn peer(self: &Rc<Self>, person: Uuid, theirs: u32) -> Option<Rc<Peer>> {
        let own = self.connection.get()?;
        let known = self.peers.borrow().get(&person).cloned();
        match known {
            Some(peer) if peer.theirs == theirs => Some(peer),
            Some(peer) if peer.theirs > theirs => None,
            _ => {
                let gone = self.peers.borrow_mut().remove(&person);
                drop(gone);
                let peer = Peer::new(person, own, theirs, self.face(person), self.is_relayed(person), Rc::clone(&self.ways));
                self.peers.borrow_mut().insert(person, Rc::clone(&peer));
                Some(peer)
            }
        }
    }

    /// Whether we connect to somebody through the relay alone; so with one of whom we don't know yet who they are.
    fn is_relayed(&self, person: Uuid) -> bool {
        let role = self.call.people.with_untracked(|people| people.iter().find(|one| one.id == person).map(|one| one.role));
        self.relayed_with.get().is_some_and(|with| role.is_none_or(|role| role == with))
    }

    fn face(&self, person: Uuid) -> Face {
        let known = self.faces.borrow().get(&person).copied();
        known.unwrap_or_else(|| {
            // Signals that are made by a message still belong to the page.
            let face = self.owner.with(Face::new);
            self.faces.borrow_mut().insert(person, face);
            face
        })
    }

    /// Brings the connections in line with who sits.
    fn sync(self: &Rc<Self>) {
        if self.connection.get().is_none() || !untrack(|| self.call.talks()) {
            return;
        }
        let people = self.call.people.get_untracked();
        let others: Vec<_> = people.iter().filter(|person| person.id != self.call.me && sits(person)).collect();
        let picture = Picture::for_people(others.len() + 1);
        self.ways.picture.set(picture);
        self.ways.devices.resize(picture);
        let seated: Vec<Uuid> = others.iter().map(|person| person.id).collect();
        let gone: Vec<_> = self.peers.borrow_mut().extract_if(|id, _| !seated.contains(id)).collect();
        drop(gone);
        for person in others {
            if let Some(peer) = person.connection.and_then(|connection| self.peer(person.id, connection)) {
                if person.state == PresenceState::InCall {
                    peer.begin();
                }
                peer.limit();
            }
        }
    }

    /// A quarter of a second went by.
    fn tick(self: &Rc<Self>) {
        #[expect(clippy::cast_possible_truncation, reason = "a time in milliseconds is far below the limit")]
        let now = (js_sys::Date::now() + self.ahead.get()) as i64;
        let before = self.call.now.get_untracked();
        if now.div_euclid(1000) == before.div_euclid(1000) {
            return;
        }
        self.call.now.set(now);
        let times = self.call.times.get_untracked();
        let begins = times.starts_at.timestamp_millis();
        if before < begins && begins <= now {
            self.sync();
        }
        if now > times.ends_at.timestamp_millis() + GRACE {
            self.out("call_over".to_owned(), String::new());
        }
    }

    fn out(self: &Rc<Self>, code: String, detail: String) {
        self.call.engine.try_set_value(None);
        self.end();
        self.call.stage.try_set(Stage::Out { code, detail });
    }

    /// Lets go of all connections.
    fn end(&self) {
        drop(self.socket.take());
        self.peers.take();
        self.tickers.take();
        self.listeners.take();
        self.connection.set(None);
    }

    fn each_peer(&self, work: impl Fn(&Rc<Peer>)) {
        let peers: Vec<_> = self.peers.borrow().values().cloned().collect();
        peers.iter().for_each(work);
    }
}

/// By the school's policy, and through the relay alone.
fn configurations(servers: &IceServers) -> [Object; 2] {
    [servers.transport_policy, TransportPolicy::Relay].map(|policy| configuration(servers, policy))
}

/// What these devices send now.
fn sent_by(devices: Devices) -> Media {
    Media { audio: devices.is_heard(), video: devices.picture.with(Option::is_some), screen: devices.screen.with(Option::is_some) }
}

/// Has a seat, present or held.
pub(crate) fn sits(person: &CallPerson) -> bool {
    matches!(person.state, PresenceState::InCall | PresenceState::Reconnecting)
}
