//! Style sheets of lazy parts, fetched with them.

use std::time::Duration;

use leptos::prelude::*;

use crate::{
    call::{
        object::{Given, Object},
        timer::pause,
    },
    components::Part,
};

/// A page whose sheet, `later` or `call`, is there when it is shown.
pub(super) fn dressed(sheet: &'static str, page: impl FnOnce() -> AnyView + 'static) -> Part {
    dress(sheet, Box::new(page))
}

fn dress(sheet: &'static str, page: Box<dyn FnOnce() -> AnyView>) -> Part {
    Box::pin(async move {
        fetched(sheet).await;
        Ok(page())
    })
}

/// Asks for a sheet, once, and waits until it is there. One that doesn't come leaves the page plain
/// and usable.
async fn fetched(sheet: &str) {
    let Ok(link) = link(sheet) else { return };
    for _ in 0..60 {
        if link.get("sheet").is_there() {
            return;
        }
        pause(Duration::from_millis(50)).await;
    }
}

fn link(sheet: &str) -> Given {
    let document = Object::window().get("document");
    let there = document.call("querySelector", &[format!("link[data-sheet={sheet}]").into()])?;
    if there.is_there() {
        return Ok(there);
    }
    let name = document.call("querySelector", &[format!("meta[name={sheet}-style]").into()])?;
    let made = document.call("createElement", &["link".into()])?;
    made.call("setAttribute", &["data-sheet".into(), sheet.into()])?;
    made.set("rel", "stylesheet");
    made.set("href", name.text_of("content"));
    document.get("head").call("appendChild", &[made.into()])
}
