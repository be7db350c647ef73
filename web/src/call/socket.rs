//! The WebSocket of a call: it comes back by itself, after pauses that grow.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use leptos::prelude::document;
use parlour_wire::{ClientMessage, ServerMessage, plain};

use super::{
    object::{Listener, Object},
    timer::{Ticker, Timer},
};
use crate::js::Js;

/// What happens to a socket.
pub(crate) enum News {
    /// It is open: `join` is to be sent.
    Open,
    Message(ServerMessage),
    /// It was lost, or could not be opened, so many times in a row. It will try again.
    Lost(u32),
}

/// `WebSocket.OPEN`
const OPEN: f64 = 1.0;

/// The pauses before the next tries, in milliseconds; the last one again and again.
const PAUSES: [u64; 6] = [250, 500, 1000, 2000, 4000, 8000];

/// A socket that is open, or will be again. Let go of, it is closed.
pub(crate) struct Socket(Rc<Inner>);

struct Inner {
    url: String,
    told: Box<dyn Fn(News)>,
    wire: RefCell<Option<Wire>>,
    again: RefCell<Timer>,
    beat: RefCell<Ticker>,
    online: RefCell<Option<Listener>>,
    failures: Cell<u32>,
    /// The last heartbeat is still waiting to be sent.
    stuck: Cell<bool>,
}

struct Wire {
    socket: Object,
    _listeners: [Listener; 3],
}

impl Socket {
    /// Opens the socket of this path below the API.
    pub(crate) fn open(path: &str, told: impl Fn(News) + 'static) -> Self {
        let base = document().base_uri().ok().flatten().unwrap_or_default();
        let inner = Rc::new(Inner {
            // http becomes ws, https becomes wss.
            url: base.replacen("http", "ws", 1) + "api/v1/" + path,
            told: Box::new(told),
            wire: RefCell::default(),
            again: RefCell::default(),
            beat: RefCell::default(),
            online: RefCell::default(),
            failures: Cell::new(0),
            stuck: Cell::new(false),
        });
        let weak = Rc::downgrade(&inner);
        let online = Object::window().on("online", move |_| {
            if let Some(inner) = weak.upgrade() {
                inner.connect();
            }
        });
        inner.online.replace(Some(online));
        inner.connect();
        Self(inner)
    }

    /// Says something; without a connection it is not said.
    pub(crate) fn say(&self, message: &ClientMessage) {
        self.0.say(message);
    }

    /// The server heard us: begins to send heartbeats.
    pub(crate) fn welcomed(&self, heartbeat_seconds: u32) {
        self.0.failures.set(0);
        let weak = Rc::downgrade(&self.0);
        let beat = Ticker::every(Duration::from_secs(heartbeat_seconds.max(1).into()), move || {
            if let Some(inner) = weak.upgrade() {
                inner.beat();
            }
        });
        self.0.beat.replace(beat);
    }
}

impl Inner {
    fn connect(self: &Rc<Self>) {
        if self.wire.borrow().is_some() {
            return;
        }
        let Ok(socket) = Object::new("WebSocket", &[self.url.as_str().into()]) else { return };
        let heard = |what: fn(&Rc<Self>, &Object)| {
            let weak = Rc::downgrade(self);
            move |event: Object| {
                if let Some(inner) = weak.upgrade() {
                    what(&inner, &event);
                }
            }
        };
        let listeners = [
            socket.on("open", heard(|inner, _| (inner.told)(News::Open))),
            socket.on("message", heard(Self::hear)),
            socket.on("close", heard(|inner, _| inner.lost())),
        ];
        self.wire.replace(Some(Wire { socket, _listeners: listeners }));
    }

    fn hear(self: &Rc<Self>, event: &Object) {
        // What we can't read is of a later version, and nothing that we asked for.
        if let Some(message) = plain::read(&Js::parse(&event.text_of("data"))) {
            (self.told)(News::Message(message));
        }
    }

    fn say(&self, message: &ClientMessage) {
        if let Some(wire) = &*self.wire.borrow()
            && wire.socket.number_of("readyState") == Some(OPEN)
        {
            let _ = wire.socket.call("send", &[plain::text_of(message).into()]);
        }
    }

    /// A heartbeat. When the one before has not left yet, the connection is dead, though the browser has not noticed.
    fn beat(self: &Rc<Self>) {
        let waiting = self.wire.borrow().as_ref().and_then(|wire| wire.socket.number_of("bufferedAmount")).unwrap_or_default() > 0.0;
        if waiting && self.stuck.replace(true) {
            return self.lost();
        }
        self.stuck.set(waiting);
        self.say(&ClientMessage::Heartbeat);
    }

    fn lost(self: &Rc<Self>) {
        self.beat.take();
        self.stuck.set(false);
        drop(self.wire.take());
        let failures = self.failures.get() + 1;
        self.failures.set(failures);
        let pause = PAUSES.get(failures as usize - 1).or(PAUSES.last()).copied().unwrap_or_default();
        // Not all at once when it was the server that went.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is below half a pause")]
        let spread = (js_sys::Math::random() * pause as f64 / 2.0) as u64;
        let weak = Rc::downgrade(self);
        let again = Timer::after(Duration::from_millis(pause + spread), move || {
            if let Some(inner) = weak.upgrade() {
                inner.connect();
            }
        });
        self.again.replace(again);
        (self.told)(News::Lost(failures));
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        let _ = self.socket.call("close", &[]);
    }
}
