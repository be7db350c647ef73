//! WebSocket of a call, which detects a dead connection and reconnects by itself.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use leptos::prelude::document;
use parlour_wire::{ClientMessage, ServerMessage, minimal_json};

use super::{
    js_object::{JsObject, Listener},
    timer::{Ticker, Timer},
};
use crate::js::Js;

/// An event of the socket.
pub(crate) enum SocketEvent {
    /// The socket is open: the call must now send `join`.
    Open,
    Message(ServerMessage),
    /// The connection was lost or could not be opened; a retry follows.
    Lost {
        /// The number of consecutive failures.
        failures: u32,
        /// The connection breaks repeatedly, soon after the server has answered.
        is_unstable: bool,
    },
    /// The connection has been stable for a while.
    Stable,
}

/// The values of `WebSocket.CONNECTING` and `WebSocket.OPEN`.
const CONNECTING: f64 = 0.0;
const OPEN: f64 = 1.0;

/// The retry delays in milliseconds; the last one repeats. A seat is held for 30 seconds, which
/// must allow several retries.
const RETRY_DELAYS_MS: [u64; 5] = [250, 500, 1000, 2000, 3000];
/// After more than this many consecutive failures no seat is held any more, and the delay is
/// longer.
const MANY_FAILURES: u32 = 20;
const LONG_RETRY_DELAY_MS: u64 = 8000;

/// The interval between two health checks, in milliseconds.
const CHECK_INTERVAL_MS: f64 = 1000.0;
/// The time that opening may take.
const OPEN_TIMEOUT_MS: f64 = 6000.0;
/// The time of silence after which the server is pinged.
const PING_AFTER_MS: f64 = 2000.0;
/// The time that the pong may take; the first one after `join` waits for the server's database.
const PONG_TIMEOUT_MS: f64 = 4000.0;
const JOIN_TIMEOUT_MS: f64 = 12_000.0;
/// The same time after a sign that the network has changed.
const SHORT_PONG_TIMEOUT_MS: f64 = 1500.0;
/// The time after which a connection counts as stable.
const STABLE_AFTER_MS: f64 = 15_000.0;
/// The number of consecutive breaks from which a connection counts as unstable.
const UNSTABLE_BREAKS: u32 = 2;

/// Returns the URL of a socket below the API: http becomes ws, https becomes wss.
pub(crate) fn socket_url(path: &str) -> String {
    let base = document().base_uri().ok().flatten().unwrap_or_default();
    [&base.replacen("http", "ws", 1), "api/v1/", path].concat()
}

/// A socket that is open or reconnecting. It is closed on drop.
pub(crate) struct Socket(Rc<Inner>);

struct Inner {
    url: String,
    on_event: Box<dyn Fn(SocketEvent)>,
    connection: RefCell<Option<Connection>>,
    retry_timer: RefCell<Timer>,
    check_ticker: RefCell<Ticker>,
    listeners: RefCell<Vec<Listener>>,
    failures: Cell<u32>,
    /// The number of consecutive breaks soon after the server had answered.
    breaks: Cell<u32>,
    checked_at: Cell<f64>,
}

struct Connection {
    socket: JsObject,
    began_at: f64,
    last_message_at: Cell<f64>,
    /// The time by which the pong is due.
    pong_due_at: Cell<Option<f64>>,
    /// The time of the server's `welcome`.
    welcomed_at: Cell<Option<f64>>,
    is_stable: Cell<bool>,
    _listeners: [Listener; 3],
}

impl Socket {
    /// Opens the socket at this path below the API.
    pub(crate) fn open(path: &str, on_event: impl Fn(SocketEvent) + 'static) -> Self {
        let inner = Rc::new(Inner {
            url: socket_url(path),
            on_event: Box::new(on_event),
            connection: RefCell::default(),
            retry_timer: RefCell::default(),
            check_ticker: RefCell::default(),
            listeners: RefCell::default(),
            failures: Cell::new(0),
            breaks: Cell::new(0),
            checked_at: Cell::new(now()),
        });
        let weak = Rc::downgrade(&inner);
        let check_ticker = Ticker::every(Duration::from_secs(1), move || {
            if let Some(inner) = weak.upgrade() {
                inner.check();
            }
        });
        inner.check_ticker.replace(check_ticker);
        let weak = Rc::downgrade(&inner);
        let online = JsObject::window().on("online", move |_| {
            if let Some(inner) = weak.upgrade() {
                inner.on_network_change();
            }
        });
        inner.listeners.replace(vec![online]);
        inner.connect();
        Self(inner)
    }

    /// Sends a message; without an open connection the message is dropped.
    pub(crate) fn send(&self, message: &ClientMessage) {
        self.0.send(message);
    }

    /// Records that the server has sent `welcome`.
    pub(crate) fn on_welcome(&self) {
        self.0.failures.set(0);
        if let Some(connection) = &*self.0.connection.borrow() {
            connection.welcomed_at.set(Some(now()));
        }
    }

    /// Drops the connection and reconnects at once.
    pub(crate) fn reconnect(&self) {
        self.0.drop_connection();
        self.0.connect();
    }
}

impl Inner {
    fn connect(self: &Rc<Self>) {
        if self.connection.borrow().is_some() {
            return;
        }
        self.retry_timer.take();
        let Ok(socket) = JsObject::new("WebSocket", &[self.url.as_str().into()]) else { return };
        let heard = |what: fn(&Rc<Self>, &JsObject)| {
            let weak = Rc::downgrade(self);
            move |event: JsObject| {
                if let Some(inner) = weak.upgrade() {
                    what(&inner, &event);
                }
            }
        };
        let listeners = [
            socket.on("open", heard(|inner, _| inner.on_open())),
            socket.on("message", heard(Self::on_message)),
            socket.on("close", heard(|inner, _| inner.on_close())),
        ];
        let connection = Connection {
            socket,
            began_at: now(),
            last_message_at: Cell::new(now()),
            pong_due_at: Cell::new(None),
            welcomed_at: Cell::new(None),
            is_stable: Cell::new(false),
            _listeners: listeners,
        };
        self.connection.replace(Some(connection));
    }

    /// Pings before `join` is sent: a quick pong proves that the server answers, while the answer
    /// to `join` may take longer.
    fn on_open(self: &Rc<Self>) {
        self.ping(PONG_TIMEOUT_MS);
        (self.on_event)(SocketEvent::Open);
    }

    fn on_message(self: &Rc<Self>, event: &JsObject) {
        if let Some(connection) = &*self.connection.borrow() {
            connection.last_message_at.set(now());
            connection.pong_due_at.set(None);
        }
        // An unreadable message comes from a later version and answers nothing that we asked for.
        if let Some(message) = minimal_json::from_value(&Js::parse(&event.text_of("data"))) {
            (self.on_event)(SocketEvent::Message(message));
        }
    }

    fn send(&self, message: &ClientMessage) {
        if let Some(connection) = &*self.connection.borrow()
            && connection.state() == Some(OPEN)
        {
            let _ = connection.socket.call("send", &[minimal_json::to_string(message).into()]);
        }
    }

    /// Pings the server; it must answer within this time, in milliseconds.
    fn ping(&self, within: f64) {
        if let Some(connection) = &*self.connection.borrow() {
            connection.pong_due_at.set(Some(now() + within));
        }
        self.send(&ClientMessage::Ping { id: self.failures.get() });
    }

    /// Checks the health of the connection, once a second.
    fn check(self: &Rc<Self>) {
        let now = now();
        // The device was asleep, or the browser has throttled this tab: received messages may not
        // be handled yet.
        let was_suspended = now - self.checked_at.replace(now) > 3.0 * CHECK_INTERVAL_MS;
        let health = self
            .connection
            .borrow()
            .as_ref()
            .map_or(Health::Alive, |connection| connection.health(now));
        match health {
            Health::Alive => {}
            Health::Dead if was_suspended => self.ping(PONG_TIMEOUT_MS),
            Health::Dead => self.on_close(),
            Health::Idle { is_in } => {
                self.ping(if is_in { PONG_TIMEOUT_MS } else { JOIN_TIMEOUT_MS })
            }
            Health::Stable => {
                self.breaks.set(0);
                (self.on_event)(SocketEvent::Stable);
            }
        }
    }

    /// The browser reports that the network is back or has changed.
    fn on_network_change(self: &Rc<Self>) {
        if self.connection.borrow().as_ref().and_then(Connection::state) == Some(OPEN) {
            return self.ping(SHORT_PONG_TIMEOUT_MS);
        }
        self.drop_connection();
        self.connect();
    }

    fn drop_connection(&self) -> Option<f64> {
        self.connection.take().and_then(|connection| connection.welcomed_at.get())
    }

    fn on_close(self: &Rc<Self>) {
        let welcomed_at = self.drop_connection();
        if let Some(at) = welcomed_at {
            self.breaks.set(if now() - at < STABLE_AFTER_MS { self.breaks.get() + 1 } else { 0 });
        }
        let failures = self.failures.get() + 1;
        self.failures.set(failures);
        let place = (failures + self.breaks.get()) as usize - 1;
        let pause = if failures > MANY_FAILURES {
            LONG_RETRY_DELAY_MS
        } else {
            RETRY_DELAYS_MS.get(place).or(RETRY_DELAYS_MS.last()).copied().unwrap_or_default()
        };
        // A random spread keeps all clients from reconnecting at the same moment after the server
        // has failed.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the spread is below half a pause"
        )]
        let spread = (js_sys::Math::random() * pause as f64 / 2.0) as u64;
        let weak = Rc::downgrade(self);
        let retry_timer = Timer::after(Duration::from_millis(pause + spread), move || {
            if let Some(inner) = weak.upgrade() {
                inner.connect();
            }
        });
        self.retry_timer.replace(retry_timer);
        (self.on_event)(SocketEvent::Lost {
            failures,
            is_unstable: self.breaks.get() >= UNSTABLE_BREAKS,
        });
    }
}

/// The health of a connection.
enum Health {
    Alive,
    /// No message has arrived for a while; `is_in` says whether the server has sent `welcome`.
    Idle {
        is_in: bool,
    },
    /// A pong or the opening is overdue.
    Dead,
    /// The connection has just become stable.
    Stable,
}

impl Connection {
    fn state(&self) -> Option<f64> {
        self.socket.number_of("readyState")
    }

    fn health(&self, now: f64) -> Health {
        match (self.state(), self.pong_due_at.get()) {
            (Some(CONNECTING), _) if now - self.began_at > OPEN_TIMEOUT_MS => Health::Dead,
            (Some(CONNECTING), _) => Health::Alive,
            (_, Some(due)) if now > due => Health::Dead,
            (_, None) if now - self.last_message_at.get() >= PING_AFTER_MS => {
                Health::Idle { is_in: self.welcomed_at.get().is_some() }
            }
            _ if self.welcomed_at.get().is_some_and(|at| now - at > STABLE_AFTER_MS)
                && !self.is_stable.replace(true) =>
            {
                Health::Stable
            }
            _ => Health::Alive,
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let _ = self.socket.call("close", &[]);
    }
}

/// Returns milliseconds of a monotonic clock, which changes of the system clock do not affect.
fn now() -> f64 {
    JsObject::window()
        .get("performance")
        .call("now", &[])
        .ok()
        .and_then(|now| now.number())
        .unwrap_or_else(js_sys::Date::now)
}
