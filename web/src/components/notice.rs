//! Notice within a page.

use leptos::prelude::*;

use super::{Icon, Shape};

/// The kind of a notice. Each has its own icon, so that colour is not the only sign (WCAG 1.4.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tone {
    Good,
    Plain,
    Wait,
    Bad,
}

/// A notice. Screen readers announce it when it appears, and bad news immediately.
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
