//! Style sheets of the lazy parts, fetched together with them.

use std::time::Duration;

use leptos::prelude::*;

use crate::{
    call::{
        js_object::{JsObject, JsResult},
        timer::pause,
    },
    components::LazyView,
};

/// Returns a page that is shown once its style sheet (`later` or `call`) is loaded.
pub(super) fn with_stylesheet(
    sheet: &'static str,
    page: impl FnOnce() -> AnyView + 'static,
) -> LazyView {
    with_stylesheet_boxed(sheet, Box::new(page))
}

fn with_stylesheet_boxed(sheet: &'static str, page: Box<dyn FnOnce() -> AnyView>) -> LazyView {
    Box::pin(async move {
        load_stylesheet(sheet).await;
        Ok(page())
    })
}

/// Adds a style sheet once, and waits until it is loaded, but at most three seconds. Without it the
/// page is unstyled and usable.
async fn load_stylesheet(sheet: &str) {
    let Ok(link) = stylesheet_link(sheet) else { return };
    for _ in 0..60 {
        if link.get("sheet").exists() {
            return;
        }
        pause(Duration::from_millis(50)).await;
    }
}

fn stylesheet_link(sheet: &str) -> JsResult {
    let document = JsObject::window().get("document");
    let there = document.call("querySelector", &[format!("link[data-sheet={sheet}]").into()])?;
    if there.exists() {
        return Ok(there);
    }
    let name = document.call("querySelector", &[format!("meta[name={sheet}-style]").into()])?;
    let made = document.call("createElement", &["link".into()])?;
    made.call("setAttribute", &["data-sheet".into(), sheet.into()])?;
    made.set("rel", "stylesheet");
    made.set("href", name.text_of("content"));
    document.get("head").call("appendChild", &[made.into()])
}
