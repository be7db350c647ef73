//! List of the people of a call with their presence.

use leptos::prelude::*;
use parlour_wire::{ExpectedPerson, PresenceState};

use super::{Icon, Shape};
use crate::texts::{fill, t};

/// The people by name, each with an icon and a word for the presence.
#[component]
pub(crate) fn Presence(#[prop(into)] people: Signal<Vec<ExpectedPerson>>) -> impl IntoView {
    let one = |person: ExpectedPerson| {
        let (class, shape, text) = match person.state {
            PresenceState::InCall => ("tag go", Shape::Tick, t().here),
            PresenceState::Reconnecting => ("tag wait", Shape::Clock, t().here_reconnecting),
            PresenceState::Waiting => ("tag wait", Shape::Clock, t().here_queued),
            PresenceState::Missing => ("tag", Shape::Person, t().here_missing),
        };
        view! {
            <li class=class>
                <Icon shape />
                <span prop:textContent=fill(text, &[("name", &person.name)])></span>
            </li>
        }
    };
    view! { <ul class="presence">{move || people.get().into_iter().map(one).collect_view()}</ul> }
}
