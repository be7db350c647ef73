//! The few things of the browser that leptos has no word for: focus, storage, random keys, the address bar.

use leptos::prelude::*;
use uuid::Uuid;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, Storage};

/// The path of `<base>` without the slash at its end: what the router's paths are below of.
pub(crate) fn base_path() -> String {
    let base = document().base_uri().ok().flatten().unwrap_or_default();
    let path = web_sys::Url::new(&base).map(|url| url.pathname()).unwrap_or_default();
    path.trim_end_matches('/').to_owned()
}

/// The path below the base, with the query, as `navigate` takes it.
pub(crate) fn current_path() -> String {
    let location = window().location();
    let path = location.pathname().unwrap_or_default();
    let below = path.strip_prefix(&base_path()).unwrap_or(&path).to_owned();
    below + &location.search().unwrap_or_default()
}

/// Takes the token of a link out of the address bar, so that it is neither seen nor kept in the history.
pub(crate) fn take_token() -> Option<String> {
    let location = window().location();
    let token = location.hash().ok()?.strip_prefix("#t=")?.to_owned();
    let bare = location.pathname().unwrap_or_default() + &location.search().unwrap_or_default();
    if let Ok(history) = window().history() {
        let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&bare));
    }
    (!token.is_empty()).then_some(token)
}

/// Moves the focus after the page was painted; then what was just made visible can take it.
pub(crate) fn focus_soon(element: HtmlElement) {
    request_animation_frame(move || {
        let _ = element.focus();
    });
}

/// The first element within `root` that fits.
pub(crate) fn find(root: &web_sys::Element, selector: &str) -> Option<HtmlElement> {
    root.query_selector(selector).ok().flatten()?.dyn_into().ok()
}

/// A random key for one attempt at something that must not happen twice.
pub(crate) fn attempt_key() -> String {
    let mut bytes = [0; 16];
    if let Ok(crypto) = window().crypto() {
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// An id from a path or a query.
pub(crate) fn id(text: &str) -> Option<Uuid> {
    text.parse().ok()
}

fn storage() -> Option<Storage> {
    window().session_storage().ok().flatten()
}

/// What this tab has kept under a key.
pub(crate) fn kept(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

/// Keeps something for this tab. Where the browser forbids it, nothing is kept.
pub(crate) fn keep(key: &str, value: &str) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(key, value);
    }
}

/// Forgets what was kept.
pub(crate) fn forget(key: &str) {
    if let Some(storage) = storage() {
        let _ = storage.remove_item(key);
    }
}

/// Whether there is room for a table of times, followed while the window changes.
pub(crate) fn wide() -> Memo<bool> {
    let measure = || window().match_media("(min-width: 48rem)").ok().flatten().is_none_or(|query| query.matches());
    let wide = RwSignal::new(measure());
    let handle = window_event_listener(leptos::ev::resize, move |_| wide.set(measure()));
    on_cleanup(move || handle.remove());
    Memo::new(move |_| wide.get())
}

/// After a dialog has closed: the browser gives the focus back to what opened it. Where that was made anew meanwhile, its successor takes it, or the heading.
pub(crate) fn recover_focus(dialog: &str) {
    let opener = format!("main [aria-controls='{dialog}']");
    request_animation_frame(move || {
        let body = document().body();
        let lost = document().active_element().is_none_or(|active| active.tag_name() == "BODY");
        if lost && let Some(next) = body.and_then(|body| find(&body, &opener).or_else(|| find(&body, "main h1"))) {
            let _ = next.focus();
        }
    });
}

/// The start is the base itself, slash included; the router leaves the slash out, and the page could not be loaded again.
pub(crate) fn settle_start() {
    let base = base_path();
    if !base.is_empty()
        && window().location().pathname().ok().as_ref() == Some(&base)
        && let Ok(history) = window().history()
    {
        let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&[&base, "/"].concat()));
    }
}
