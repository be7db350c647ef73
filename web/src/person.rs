//! Person of this tab. Tabs share the browser's cookie, so every request tells the server for whom
//! the tab was opened, and the tabs tell each other when the person changes. A tab that learns of
//! another person reloads, so that no data of the previous person remains in it.

use std::cell::{Cell, RefCell};

use js_sys::{Array, Function, Reflect};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{MessageEvent, StorageEvent};

use crate::browser;

/// The person mark: in a response, the person whom it is for; in a request, the person of this tab.
pub(crate) const HEADER: &str = "parlour-person";

/// The storage key of this tab's person, kept over reloads.
const PERSON_KEY: &str = "parlour.person";

/// The storage key of the reason for a reload, read by the reloaded page.
const RESET_REASON_KEY: &str = "parlour.news";

/// A change of the person who is logged in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionChange {
    /// Another person has logged in.
    OtherPerson,
    /// The person has logged out.
    LoggedOut,
}

thread_local! {
    static PERSON: RefCell<Option<String>> = const { RefCell::new(None) };
    /// The change that takes effect when the call is over.
    static PENDING: Cell<Option<SessionChange>> = const { Cell::new(None) };
    static CHANNEL: RefCell<Option<JsValue>> = const { RefCell::new(None) };
}

/// Returns the mark of this tab's person, once the server has sent it.
pub(crate) fn mark() -> Option<String> {
    PERSON.with_borrow(Clone::clone)
}

/// Records the person mark of a response. `is_login` says that the response answered a login or the
/// choice of an identity.
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

/// Records that this tab has logged out, and tells the other tabs.
pub(crate) fn logged_out() {
    clear();
    broadcast("");
}

/// Forgets the person of this tab.
pub(crate) fn clear() {
    PERSON.take();
}

/// Listens to the other tabs. The app calls it once.
pub(crate) fn listen_to_tabs() {
    // A `BroadcastChannel` reports changes in other tabs; browsers without one use `storage`
    // events.
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
    // A page restored from the back/forward cache has missed the messages.
    window_event_listener(
        leptos::ev::Custom::<web_sys::PageTransitionEvent>::new("pageshow"),
        |event| {
            if event.persisted() {
                let _ = window().location().reload();
            }
        },
    );
}

/// Opens the `BroadcastChannel` of the school's tabs and listens to it. Members are accessed by
/// name, since a binding would enlarge the script that every visitor downloads first.
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

/// Handles another tab's message: the mark of the logged-in person, or an empty text after a
/// logout.
fn on_tab_message(mark: &str) {
    if PERSON.with_borrow(|person| person.as_ref().is_some_and(|person| person != mark)) {
        on_person_changed(if mark.is_empty() {
            SessionChange::LoggedOut
        } else {
            SessionChange::OtherPerson
        });
    }
}

/// Handles a change of the browser's session to another person or to nobody. A call continues to
/// its end; every other page reloads.
pub(crate) fn on_person_changed(change: SessionChange) {
    PENDING.set(Some(change));
    call_ended();
}

/// Carries out a change that had to wait for the end of a call.
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
        // The guest pages do not depend on a login.
        _ if is_guests => path.as_str(),
        SessionChange::OtherPerson => "/",
        SessionChange::LoggedOut => "/login",
    };
    let _ = window().location().replace(&(browser::base_path() + path));
}

/// Returns the reason for this page's reload, once.
pub(crate) fn take_reset_reason() -> Option<SessionChange> {
    let news = browser::stored_item(RESET_REASON_KEY)?;
    browser::remove_item(RESET_REASON_KEY);
    Some(if news == "out" { SessionChange::LoggedOut } else { SessionChange::OtherPerson })
}

/// Returns the name of the channel of this school's tabs; a demo server has several schools on one
/// host.
fn channel_name() -> String {
    ["parlour.person ", &browser::base_path()].concat()
}

fn broadcast(mark: &str) {
    if CHANNEL.with_borrow(|channel| post_message(channel.as_ref()?, mark)).is_none()
        && let Ok(Some(storage)) = window().local_storage()
    {
        // A random suffix makes each value new, since an unchanged value triggers no event.
        let _ = storage.set_item(&channel_name(), &[mark, " ", &browser::random_key()].concat());
    }
}
