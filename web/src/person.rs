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
const PERSON_KEY: &str = "parlour.person";

/// Where it keeps why it began anew, for the page after.
const RESET_REASON_KEY: &str = "parlour.news";

/// What happened to the person of this tab.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionChange {
    /// Somebody else has logged in.
    OtherPerson,
    /// They have logged out.
    LoggedOut,
}

thread_local! {
    static PERSON: RefCell<Option<String>> = const { RefCell::new(None) };
    /// What is to be done when the call is over.
    static PENDING: Cell<Option<SessionChange>> = const { Cell::new(None) };
    static CHANNEL: RefCell<Option<JsValue>> = const { RefCell::new(None) };
}

/// The mark of this tab's person, once the server has said it.
pub(crate) fn mark() -> Option<String> {
    PERSON.with_borrow(Clone::clone)
}

/// An answer was for this person. `is_login`: it was the answer to a login or to the choice of who
/// one is.
pub(crate) fn record_response(mark: String, is_login: bool) {
    let known = PERSON.with_borrow(Clone::clone);
    if known.as_ref() == Some(&mark) {
        return;
    }
    if known.is_some() && !is_login {
        return on_person_changed(SessionChange::OtherPerson);
    }
    if browser::stored_item(PERSON_KEY).is_some_and(|before| before != mark) {
        browser::clear_items();
    }
    browser::store_item(PERSON_KEY, &mark);
    broadcast(&mark);
    PERSON.set(Some(mark));
}

/// This tab has logged out.
pub(crate) fn logged_out() {
    clear();
    broadcast("");
}

/// This tab is nobody's any more.
pub(crate) fn clear() {
    PERSON.take();
}

/// Listens to the other tabs. For the app, once.
pub(crate) fn listen_to_tabs() {
    // Tells of every other tab, where there are such channels; elsewhere the storage does.
    match channel() {
        Some(channel) => CHANNEL.set(Some(channel)),
        None => {
            window_event_listener(leptos::ev::Custom::<StorageEvent>::new("storage"), |event| {
                if event.key().as_ref() == Some(&channel_name()) {
                    on_tab_message(
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
    let channel = Reflect::construct(&class, &Array::of1(&channel_name().into())).ok()?;
    let handler = Closure::<dyn Fn(MessageEvent)>::new(|event: MessageEvent| {
        on_tab_message(&event.data().as_string().unwrap_or_default())
    });
    Reflect::set(&channel, &"onmessage".into(), handler.as_ref()).ok()?;
    handler.forget();
    Some(channel)
}

fn post_message(channel: &JsValue, mark: &str) -> Option<()> {
    let post: Function = Reflect::get(channel, &"postMessage".into()).ok()?.dyn_into().ok()?;
    post.call1(channel, &mark.into()).ok().map(drop)
}

/// Another tab says who is logged in; nobody, if it is empty.
fn on_tab_message(mark: &str) {
    if PERSON.with_borrow(|person| person.as_ref().is_some_and(|person| person != mark)) {
        on_person_changed(if mark.is_empty() {
            SessionChange::LoggedOut
        } else {
            SessionChange::OtherPerson
        });
    }
}

/// The browser's session is somebody else's now, or nobody's. A call goes on to its end; all else
/// begins anew.
pub(crate) fn on_person_changed(change: SessionChange) {
    PENDING.set(Some(change));
    call_ended();
}

/// Begins anew if that had to wait for the end of a call.
pub(crate) fn call_ended() {
    if browser::stored_item(browser::CURRENT_CALL_KEY).is_some() {
        return;
    }
    let Some(change) = PENDING.take() else { return };
    let path = browser::current_path();
    let is_guests = path.starts_with("/guest");
    browser::clear_items();
    if !is_guests {
        browser::store_item(
            RESET_REASON_KEY,
            if change == SessionChange::OtherPerson { "another" } else { "out" },
        );
    }
    let path = match change {
        // What a guest sees rests on no login.
        _ if is_guests => path.as_str(),
        SessionChange::OtherPerson => "/",
        SessionChange::LoggedOut => "/login",
    };
    let _ = window().location().replace(&(browser::base_path() + path));
}

/// Why this page began anew, once.
pub(crate) fn take_reset_reason() -> Option<SessionChange> {
    let news = browser::stored_item(RESET_REASON_KEY)?;
    browser::remove_item(RESET_REASON_KEY);
    Some(if news == "out" { SessionChange::LoggedOut } else { SessionChange::OtherPerson })
}

/// What the tabs of this school call each other by; a demo has several on one host.
fn channel_name() -> String {
    ["parlour.person ", &browser::base_path()].concat()
}

fn broadcast(mark: &str) {
    if CHANNEL.with_borrow(|channel| post_message(channel.as_ref()?, mark)).is_none()
        && let Ok(Some(storage)) = window().local_storage()
    {
        // Something new each time: the same value would be no event.
        let _ = storage.set_item(&channel_name(), &[mark, " ", &browser::random_key()].concat());
    }
}
