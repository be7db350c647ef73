//! The person whom this tab was made for: the server is told with each request, and the other tabs
//! when it becomes somebody else. Tabs share the browser's cookie. A tab that learns of another
//! person begins anew, so that nothing of the one before is left in it.

use std::cell::{Cell, RefCell};

use js_sys::{Array, Function, Reflect};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{MessageEvent, StorageEvent};

use crate::browser;

/// In an answer: whom it is for. In a request: whom this tab was made for.
pub(crate) const HEADER: &str = "parlour-person";

/// Where this tab keeps whom it was for, over a load.
const KEPT: &str = "parlour.person";

/// Where it keeps why it began anew, for the page after.
const NEWS: &str = "parlour.news";

/// What happened to the person of this tab.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Somebody else has logged in.
    Another,
    /// They have logged out.
    LoggedOut,
}

thread_local! {
    static PERSON: RefCell<Option<String>> = const { RefCell::new(None) };
    /// What is to be done when the call is over.
    static PENDING: Cell<Option<Change>> = const { Cell::new(None) };
    static CHANNEL: RefCell<Option<JsValue>> = const { RefCell::new(None) };
}

/// The mark of this tab's person, once the server has said it.
pub(crate) fn mark() -> Option<String> {
    PERSON.with_borrow(Clone::clone)
}

/// An answer was for this person. `is_login`: it was the answer to a login or to the choice of who
/// one is.
pub(crate) fn answered(mark: String, is_login: bool) {
    let known = PERSON.with_borrow(Clone::clone);
    if known.as_ref() == Some(&mark) {
        return;
    }
    if known.is_some() && !is_login {
        return changed(Change::Another);
    }
    if browser::kept(KEPT).is_some_and(|before| before != mark) {
        browser::forget_all();
    }
    browser::keep(KEPT, &mark);
    tell(&mark);
    PERSON.set(Some(mark));
}

/// This tab has logged out.
pub(crate) fn logged_out() {
    left();
    tell("");
}

/// This tab is nobody's any more.
pub(crate) fn left() {
    PERSON.take();
}

/// Listens to the other tabs. For the app, once.
pub(crate) fn watch() {
    // Tells of every other tab, where there are such channels; elsewhere the storage does.
    match channel() {
        Some(channel) => CHANNEL.set(Some(channel)),
        None => {
            window_event_listener(leptos::ev::Custom::<StorageEvent>::new("storage"), |event| {
                if event.key().as_ref() == Some(&name()) {
                    heard(
                        event.new_value().unwrap_or_default().split(' ').next().unwrap_or_default(),
                    );
                }
            });
        }
    }
    // A page that the browser kept asleep has heard nothing meanwhile.
    window_event_listener(
        leptos::ev::Custom::<web_sys::PageTransitionEvent>::new("pageshow"),
        |event| {
            if event.persisted() {
                let _ = window().location().reload();
            }
        },
    );
}

/// A `BroadcastChannel` of the school's tabs, which is heard. By names: its binding would weigh in
/// the script that everybody fetches first.
fn channel() -> Option<JsValue> {
    let class: Function =
        Reflect::get(&window(), &"BroadcastChannel".into()).ok()?.dyn_into().ok()?;
    let channel = Reflect::construct(&class, &Array::of1(&name().into())).ok()?;
    let heard = Closure::<dyn Fn(MessageEvent)>::new(|event: MessageEvent| {
        heard(&event.data().as_string().unwrap_or_default())
    });
    Reflect::set(&channel, &"onmessage".into(), heard.as_ref()).ok()?;
    heard.forget();
    Some(channel)
}

fn post(channel: &JsValue, mark: &str) -> Option<()> {
    let post: Function = Reflect::get(channel, &"postMessage".into()).ok()?.dyn_into().ok()?;
    post.call1(channel, &mark.into()).ok().map(drop)
}

/// Another tab says who is logged in; nobody, if it is empty.
fn heard(mark: &str) {
    if PERSON.with_borrow(|person| person.as_ref().is_some_and(|person| person != mark)) {
        changed(if mark.is_empty() { Change::LoggedOut } else { Change::Another });
    }
}

/// The browser's session is somebody else's now, or nobody's. A call goes on to its end; all else
/// begins anew.
pub(crate) fn changed(change: Change) {
    PENDING.set(Some(change));
    call_ended();
}

/// Begins anew if that had to wait for the end of a call.
pub(crate) fn call_ended() {
    if browser::kept(browser::INSIDE).is_some() {
        return;
    }
    let Some(change) = PENDING.take() else { return };
    let path = browser::current_path();
    let is_guests = path.starts_with("/guest");
    browser::forget_all();
    if !is_guests {
        browser::keep(NEWS, if change == Change::Another { "another" } else { "out" });
    }
    let path = match change {
        // What a guest sees rests on no login.
        _ if is_guests => path.as_str(),
        Change::Another => "/",
        Change::LoggedOut => "/login",
    };
    let _ = window().location().replace(&(browser::base_path() + path));
}

/// Why this page began anew, once.
pub(crate) fn news() -> Option<Change> {
    let news = browser::kept(NEWS)?;
    browser::forget(NEWS);
    Some(if news == "out" { Change::LoggedOut } else { Change::Another })
}

/// What the tabs of this school call each other by; a demo has several on one host.
fn name() -> String {
    ["parlour.person ", &browser::base_path()].concat()
}

fn tell(mark: &str) {
    if CHANNEL.with_borrow(|channel| post(channel.as_ref()?, mark)).is_none()
        && let Ok(Some(storage)) = window().local_storage()
    {
        // Something new each time: the same value would be no event.
        let _ = storage.set_item(&name(), &[mark, " ", &browser::attempt_key()].concat());
    }
}
