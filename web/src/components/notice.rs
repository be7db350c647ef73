//! A message within a page.

use leptos::prelude::*;

use super::{Icon, Shape};

/// What kind of news it is. Each has its own picture, so that colour is not the only sign.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tone {
    Good,
    Plain,
    Wait,
    Bad,
}

/// A message. It is read out when it appears; bad news at once.
#[component]
pub(crate) fn Notice(tone: Tone, children: Children) -> impl IntoView {
    let (class, shape, role) = match tone {
        Tone::Good => ("notice good", Shape::Tick, "status"),
        Tone::Plain => ("notice", Shape::Info, "status"),
        Tone::Wait => ("notice wait", Shape::Clock, "status"),
        Tone::Bad => ("notice bad", Shape::Warning, "alert"),
    };
    view! {
        <div class=class role=role>
            <Icon shape />
            <div>{children()}</div>
        </div>
    }
}
