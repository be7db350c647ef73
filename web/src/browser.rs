//! Browser functions that leptos does not wrap: focus, storage, random keys, the address bar.

use leptos::prelude::*;
use parlour_domain::link_token::find_token;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{HtmlElement, MouseEvent, Storage};

/// Returns the path of `<base>` without its trailing slash; the paths of all pages are relative to
/// it.
pub(crate) fn base_path() -> String {
    let base = document().base_uri().ok().flatten().unwrap_or_default();
    let path = web_sys::Url::new(&base).map(|url| url.pathname()).unwrap_or_default();
    path.trim_end_matches('/').to_owned()
}

/// Returns the path below the base, with the query, as the router expects it.
pub(crate) fn current_path() -> String {
    let location = window().location();
    let path = location.pathname().unwrap_or_default();
    let below = path.strip_prefix(&base_path()).unwrap_or(&path).to_owned();
    below + &location.search().unwrap_or_default()
}

/// Pushes a path below the base onto the history.
pub(crate) fn push_path(path: &str) {
    if let Ok(history) = window().history() {
        let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&(base_path() + path)));
    }
}

/// Replaces the current history entry with a path below the base.
pub(crate) fn replace_path(path: &str) {
    replace_url(&(base_path() + path));
}

fn replace_url(url: &str) {
    if let Ok(history) = window().history() {
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(url));
    }
}

/// Returns the path below the base, with the query, of the link that was clicked. Returns `None`
/// where the browser must handle the click: a new tab, a file, another site, or a place within the
/// page.
pub(crate) fn link_path(click: &MouseEvent) -> Option<String> {
    if click.default_prevented()
        || click.button() != 0
        || click.ctrl_key()
        || click.meta_key()
        || click.shift_key()
        || click.alt_key()
    {
        return None;
    }
    let target: web_sys::Element = click.target()?.dyn_into().ok()?;
    let link = target.closest("a[href]:not([target]):not([download])").ok()??;
    let url =
        web_sys::Url::new_with_base(&link.get_attribute("href")?, &document().base_uri().ok()??)
            .ok()?;
    if url.origin() != window().location().origin().ok()? || !url.hash().is_empty() {
        return None;
    }
    let path = url.pathname() + &url.search();
    let below = path.strip_prefix(&base_path())?;
    below.starts_with('/').then(|| below.to_owned())
}

/// Removes the token of a link from the address bar, so that it is neither visible nor kept in the
/// history. It works on every page, and for mangled links too.
pub(crate) fn take_token() -> Option<String> {
    let location = window().location();
    let parts =
        [location.pathname(), location.search(), location.hash()].map(Result::unwrap_or_default);
    let found = find_token(&parts.concat())?;
    replace_url(&found.page);
    Some(found.token)
}

/// Returns whether this browser stores cookies for this site.
pub(crate) fn cookies_enabled() -> bool {
    // `navigator.cookieEnabled` alone is not reliable: in some browsers it is true although they
    // store no cookies.
    let document = JsValue::from(document());
    let cookie = JsValue::from_str("cookie");
    let set = |text: &str| {
        let _ = js_sys::Reflect::set(&document, &cookie, &text.into());
    };
    set("parlour_probe=1; SameSite=Strict");
    let kept = js_sys::Reflect::get(&document, &cookie)
        .ok()
        .and_then(|text| text.as_string())
        .is_some_and(|text| text.contains("parlour_probe"));
    set("parlour_probe=1; SameSite=Strict; Max-Age=0");
    kept
}

/// Returns whether the server has another build of the web app than the running one; `None` when
/// the server can't be reached.
pub(crate) async fn is_outdated() -> Option<bool> {
    let running = find(&document().document_element()?, "#boot")?.get_attribute("data-start")?;
    let base = document().base_uri().ok()??;
    let answer: web_sys::Response =
        wasm_bindgen_futures::JsFuture::from(window().fetch_with_str(&base))
            .await
            .ok()?
            .dyn_into()
            .ok()?;
    let page = wasm_bindgen_futures::JsFuture::from(answer.text().ok()?).await.ok()?.as_string()?;
    answer.ok().then(|| !page.contains(&running))
}

/// The storage key that marks a reload for a newer build.
const RELOADED_KEY: &str = "parlour.reloaded";

/// Reloads the page, unless it was already reloaded for the same reason. Returns whether it
/// reloads.
pub(crate) fn reload_once() -> bool {
    let window = window();
    // The window's name survives a reload where the browser stores nothing else.
    if stored_item(RELOADED_KEY).is_some() || window.name().is_ok_and(|name| name == RELOADED_KEY) {
        return false;
    }
    store_item(RELOADED_KEY, "1");
    if stored_item(RELOADED_KEY).is_none() {
        let _ = window.set_name(RELOADED_KEY);
    }
    window.location().reload().is_ok()
}

/// Clears the mark after a chunk of this build was fetched, so that the next newer build may reload
/// the page.
pub(crate) fn clear_reload_flag() {
    remove_item(RELOADED_KEY);
    if window().name().is_ok_and(|name| name == RELOADED_KEY) {
        let _ = window().set_name("");
    }
}

/// Moves the focus after the next paint, so that an element that has just become visible can take
/// it.
pub(crate) fn focus_after_paint(element: HtmlElement) {
    request_animation_frame(move || {
        let _ = element.focus();
    });
}

/// Returns the first element within `root` that matches the selector.
pub(crate) fn find(root: &web_sys::Element, selector: &str) -> Option<HtmlElement> {
    root.query_selector(selector).ok().flatten()?.dyn_into().ok()
}

/// Copies a text to the clipboard. Resolves to false where the browser does not allow it.
pub(crate) async fn copy_to_clipboard(text: String) -> bool {
    let clipboard = window().navigator().clipboard();
    wasm_bindgen_futures::JsFuture::from(clipboard.write_text(&text)).await.is_ok()
}

/// Generates a random key for one attempt of an action that must not happen twice.
pub(crate) fn random_key() -> String {
    let mut bytes = [0; 16];
    if let Ok(crypto) = window().crypto() {
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

fn storage() -> Option<Storage> {
    window().session_storage().ok().flatten()
}

/// Returns the item that this tab stored under a key.
pub(crate) fn stored_item(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

/// Stores an item for this tab. Where the browser forbids storage, nothing is stored.
pub(crate) fn store_item(key: &str, value: &str) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(key, value);
    }
}

/// Removes a stored item.
pub(crate) fn remove_item(key: &str) {
    if let Some(storage) = storage() {
        let _ = storage.remove_item(key);
    }
}

/// The storage key of the call that this tab is in, so that a reloaded page continues it.
pub(crate) const CURRENT_CALL_KEY: &str = "parlour.call";

/// Removes all items that the web app stored for this tab.
pub(crate) fn clear_items() {
    let Some(storage) = storage() else { return };
    let keys = (0..storage.length().unwrap_or_default())
        .filter_map(|place| storage.key(place).ok().flatten());
    for key in keys.collect::<Vec<_>>().iter().filter(|key| key.starts_with("parlour.")) {
        let _ = storage.remove_item(key);
    }
}

/// Returns whether the window is wide enough for a table of times; updated when the window is
/// resized.
pub(crate) fn is_wide() -> Memo<bool> {
    let measure = || {
        window()
            .match_media("(min-width: 48rem)")
            .ok()
            .flatten()
            .is_none_or(|query| query.matches())
    };
    let wide = RwSignal::new(measure());
    let handle = window_event_listener(leptos::ev::resize, move |_| wide.set(measure()));
    on_cleanup(move || handle.remove());
    Memo::new(move |_| wide.get())
}

/// Restores the focus after a dialog has closed. The browser returns it to the control that opened
/// the dialog. If that control was rebuilt meanwhile, its replacement takes the focus, or the
/// heading does.
pub(crate) fn recover_focus(dialog: &str) {
    let opener = format!("main [aria-controls='{dialog}']");
    request_animation_frame(move || {
        let body = document().body();
        let lost = document().active_element().is_none_or(|active| active.tag_name() == "BODY");
        if lost
            && let Some(next) =
                body.and_then(|body| find(&body, &opener).or_else(|| find(&body, "main h1")))
        {
            let _ = next.focus();
        }
    });
}
