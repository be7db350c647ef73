//! The WebSocket of a call: it notices when the line is dead, and comes back by itself.

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
    /// It was lost, or could not be opened. It will try again.
    Lost {
        /// So many times in a row.
        failures: u32,
        /// It breaks again and again, a moment after the server has answered.
        is_unsteady: bool,
    },
    /// It has held for a while.
    Steady,
}

/// `WebSocket.CONNECTING` and `WebSocket.OPEN`.
const CONNECTING: f64 = 0.0;
const OPEN: f64 = 1.0;

/// The pauses before the next tries, in milliseconds; the last one again and again. A seat is held
/// for 30 seconds: in them must lie several tries.
const PAUSES: [u64; 5] = [250, 500, 1000, 2000, 3000];
/// From so many failures in a row on nobody's seat is held any more, and the pauses are longer.
const MANY: u32 = 20;
const LONG_PAUSE: u64 = 8000;

/// How often we look, in milliseconds.
const LOOK: f64 = 1000.0;
/// How long opening may take.
const OPEN_WITHIN: f64 = 6000.0;
/// The server is asked whether it is there when it has said nothing for so long.
const QUIET: f64 = 2000.0;
/// How long its answer may take; the first one after `join` waits for its database.
const ANSWER_WITHIN: f64 = 4000.0;
const JOIN_WITHIN: f64 = 12_000.0;
/// The same when there is a reason to think that the line has changed.
const SOON: f64 = 1500.0;
/// A line that has held for so long is steady.
const STEADY: f64 = 15_000.0;
/// It is unsteady when it broke so many times before.
const BREAKS: u32 = 2;

/// The address of a socket below the API: http becomes ws, https becomes wss.
pub(crate) fn address(path: &str) -> String {
    let base = document().base_uri().ok().flatten().unwrap_or_default();
    [&base.replacen("http", "ws", 1), "api/v1/", path].concat()
}

/// A socket that is open, or will be again. Let go of, it is closed.
pub(crate) struct Socket(Rc<Inner>);

struct Inner {
    url: String,
    told: Box<dyn Fn(News)>,
    wire: RefCell<Option<Wire>>,
    again: RefCell<Timer>,
    look: RefCell<Ticker>,
    listeners: RefCell<Vec<Listener>>,
    failures: Cell<u32>,
    /// How many times in a row it broke soon after the server had answered.
    breaks: Cell<u32>,
    looked_at: Cell<f64>,
}

struct Wire {
    socket: Object,
    began_at: f64,
    heard_at: Cell<f64>,
    /// Until when the answer to a `ping` must be here.
    due_at: Cell<Option<f64>>,
    /// When the server let us in.
    welcomed_at: Cell<Option<f64>>,
    is_steady: Cell<bool>,
    _listeners: [Listener; 3],
}

impl Socket {
    /// Opens the socket of this path below the API.
    pub(crate) fn open(path: &str, told: impl Fn(News) + 'static) -> Self {
        let inner = Rc::new(Inner {
            url: address(path),
            told: Box::new(told),
            wire: RefCell::default(),
            again: RefCell::default(),
            look: RefCell::default(),
            listeners: RefCell::default(),
            failures: Cell::new(0),
            breaks: Cell::new(0),
            looked_at: Cell::new(now()),
        });
        let weak = Rc::downgrade(&inner);
        let look = Ticker::every(Duration::from_secs(1), move || {
            if let Some(inner) = weak.upgrade() {
                inner.look();
            }
        });
        inner.look.replace(look);
        let weak = Rc::downgrade(&inner);
        let online = Object::window().on("online", move |_| {
            if let Some(inner) = weak.upgrade() {
                inner.line_changed();
            }
        });
        inner.listeners.replace(vec![online]);
        inner.connect();
        Self(inner)
    }

    /// Says something; without a connection it is not said.
    pub(crate) fn say(&self, message: &ClientMessage) {
        self.0.say(message);
    }

    /// The server let us in.
    pub(crate) fn welcomed(&self) {
        self.0.failures.set(0);
        if let Some(wire) = &*self.0.wire.borrow() {
            wire.welcomed_at.set(Some(now()));
        }
    }

    /// Leaves the line at once and tries anew.
    pub(crate) fn again(&self) {
        self.0.drop_wire();
        self.0.connect();
    }
}

impl Inner {
    fn connect(self: &Rc<Self>) {
        if self.wire.borrow().is_some() {
            return;
        }
        self.again.take();
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
            socket.on("open", heard(|inner, _| inner.opened())),
            socket.on("message", heard(Self::hear)),
            socket.on("close", heard(|inner, _| inner.lost())),
        ];
        let wire = Wire {
            socket,
            began_at: now(),
            heard_at: Cell::new(now()),
            due_at: Cell::new(None),
            welcomed_at: Cell::new(None),
            is_steady: Cell::new(false),
            _listeners: listeners,
        };
        self.wire.replace(Some(wire));
    }

    /// First asks whether anybody answers: what is said then may take its time.
    fn opened(self: &Rc<Self>) {
        self.ask(ANSWER_WITHIN);
        (self.told)(News::Open);
    }

    fn hear(self: &Rc<Self>, event: &Object) {
        if let Some(wire) = &*self.wire.borrow() {
            wire.heard_at.set(now());
            wire.due_at.set(None);
        }
        // What we can't read is of a later version, and nothing that we asked for.
        if let Some(message) = plain::read(&Js::parse(&event.text_of("data"))) {
            (self.told)(News::Message(message));
        }
    }

    fn say(&self, message: &ClientMessage) {
        if let Some(wire) = &*self.wire.borrow()
            && wire.state() == Some(OPEN)
        {
            let _ = wire.socket.call("send", &[plain::text_of(message).into()]);
        }
    }

    /// Asks whether the server is there; it must answer within this time.
    fn ask(&self, within: f64) {
        if let Some(wire) = &*self.wire.borrow() {
            wire.due_at.set(Some(now() + within));
        }
        self.say(&ClientMessage::Ping { id: self.failures.get() });
    }

    /// A second went by: is the line alive?
    fn look(self: &Rc<Self>) {
        let now = now();
        // The device slept, or the browser has slowed this tab down: what came meanwhile is not
        // read yet.
        let has_slept = now - self.looked_at.replace(now) > 3.0 * LOOK;
        let verdict = self.wire.borrow().as_ref().map_or(Verdict::Fine, |wire| wire.judge(now));
        match verdict {
            Verdict::Fine => {}
            Verdict::Dead if has_slept => self.ask(ANSWER_WITHIN),
            Verdict::Dead => self.lost(),
            Verdict::Quiet { is_in } => self.ask(if is_in { ANSWER_WITHIN } else { JOIN_WITHIN }),
            Verdict::Steady => {
                self.breaks.set(0);
                (self.told)(News::Steady);
            }
        }
    }

    /// The browser says that there is a network again, or another one.
    fn line_changed(self: &Rc<Self>) {
        if self.wire.borrow().as_ref().and_then(Wire::state) == Some(OPEN) {
            return self.ask(SOON);
        }
        self.drop_wire();
        self.connect();
    }

    fn drop_wire(&self) -> Option<f64> {
        self.wire.take().and_then(|wire| wire.welcomed_at.get())
    }

    fn lost(self: &Rc<Self>) {
        let welcomed_at = self.drop_wire();
        if let Some(at) = welcomed_at {
            self.breaks.set(if now() - at < STEADY { self.breaks.get() + 1 } else { 0 });
        }
        let failures = self.failures.get() + 1;
        self.failures.set(failures);
        let place = (failures + self.breaks.get()) as usize - 1;
        let pause = if failures > MANY {
            LONG_PAUSE
        } else {
            PAUSES.get(place).or(PAUSES.last()).copied().unwrap_or_default()
        };
        // Not all at once when it was the server that went.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is below half a pause"
        )]
        let spread = (js_sys::Math::random() * pause as f64 / 2.0) as u64;
        let weak = Rc::downgrade(self);
        let again = Timer::after(Duration::from_millis(pause + spread), move || {
            if let Some(inner) = weak.upgrade() {
                inner.connect();
            }
        });
        self.again.replace(again);
        (self.told)(News::Lost { failures, is_unsteady: self.breaks.get() >= BREAKS });
    }
}

/// How a line is.
enum Verdict {
    Fine,
    /// Nothing was said for a while; `is_in`: the server has let us in.
    Quiet {
        is_in: bool,
    },
    /// An answer is missing.
    Dead,
    /// It has just held long enough.
    Steady,
}

impl Wire {
    fn state(&self) -> Option<f64> {
        self.socket.number_of("readyState")
    }

    fn judge(&self, now: f64) -> Verdict {
        match (self.state(), self.due_at.get()) {
            (Some(CONNECTING), _) if now - self.began_at > OPEN_WITHIN => Verdict::Dead,
            (Some(CONNECTING), _) => Verdict::Fine,
            (_, Some(due)) if now > due => Verdict::Dead,
            (_, None) if now - self.heard_at.get() >= QUIET => {
                Verdict::Quiet { is_in: self.welcomed_at.get().is_some() }
            }
            _ if self.welcomed_at.get().is_some_and(|at| now - at > STEADY)
                && !self.is_steady.replace(true) =>
            {
                Verdict::Steady
            }
            _ => Verdict::Fine,
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        let _ = self.socket.call("close", &[]);
    }
}

/// Milliseconds that no change of the clock touches.
fn now() -> f64 {
    Object::window()
        .get("performance")
        .call("now", &[])
        .ok()
        .and_then(|now| now.number())
        .unwrap_or_else(js_sys::Date::now)
}
