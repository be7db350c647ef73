//! Tiles of a call: one per person, with name, role and state. The tiles fill the screen.

use leptos::prelude::*;
use parlour_wire::{CallPerson, CallRole, PresenceState};
use uuid::Uuid;

use super::{
    call_icon::{CallIcon, CallIconShape},
    media::{AudioOutput, AudioPlayer, VideoPlayer},
};
use crate::{
    call::{
        devices::Devices,
        quality::Quality,
        room::{Call, has_seat},
    },
    texts::{call as c, fill},
};

/// Returns the name of a role.
pub(super) fn role(role: CallRole) -> &'static str {
    match role {
        CallRole::Teacher => c().role_teacher,
        CallRole::Parent => c().role_parent,
        CallRole::Guest => c().role_guest,
    }
}

#[component]
pub(super) fn Tiles(
    call: Call,
    me: String,
    devices: Devices,
    audio_output: AudioOutput,
) -> impl IntoView {
    let others = Memo::new(move |_| {
        call.people.with(|people| {
            people
                .iter()
                .filter(|person| person.id != call.me && has_seat(person))
                .map(|person| person.id)
                .collect::<Vec<Uuid>>()
        })
    });
    let number = move || (others.read().len() + 1).to_string();
    let shared = Memo::new(move |_| {
        call.people.with(|people| {
            people
                .iter()
                .any(|person| person.id != call.me && has_seat(person) && person.media.screen)
        })
    });
    view! {
        <div class="tiles" data-tiles=number class:shared=shared>
            <For each=move || others.get() key=|id| *id let(id)>
                <Tile call person=id audio_output />
            </For>
            <OwnTile name=me devices />
        </div>
        <AbsentPeople call alone=Signal::derive(move || others.read().is_empty()) />
    }
}

#[component]
fn Tile(call: Call, person: Uuid, audio_output: AudioOutput) -> impl IntoView {
    let one = Memo::new(move |_| {
        call.people.with(|people| people.iter().find(|one| one.id == person).cloned())
    });
    let known = one.get_untracked()?;
    let remote_media = call.remote_media(person)?;
    let label = fill(c().tile_label, &[("name", &known.name), ("role", role(known.role))]);
    let on = move |what: fn(&CallPerson) -> bool| one.with(|one| one.as_ref().is_some_and(what));
    let screen = Memo::new(move |_| on(|one| one.media.screen));
    let seen = Memo::new(move |_| {
        on(|one| one.media.video || one.media.screen) && remote_media.connected.get()
    });
    let heard = Memo::new(move |_| on(|one| one.media.audio));
    let state = Memo::new(move |_| {
        if on(|one| one.state == PresenceState::Reconnecting) {
            c().state_reconnecting
        } else if remote_media.connected.get() && on(|one| one.media.deaf) {
            c().state_deaf
        } else if remote_media.connected.get() {
            ""
        } else {
            c().state_connecting
        }
    });
    let quality = move || match remote_media.quality.get() {
        Some(Quality::Poor) => Some(("weak poor", c().quality_poor)),
        Some(Quality::Fair) => Some(("weak", c().quality_fair)),
        Some(Quality::Good) | None => None,
    };
    Some(view! {
        <figure
            class="tile"
            aria-label=label
            class:screen=screen
            data-connected=move || remote_media.connected.get().to_string()
        >
            <VideoPlayer track=remote_media.picture />
            <AudioPlayer track=remote_media.sound audio_output />
            <span class="initials" aria-hidden="true" hidden=seen translate="no">
                {initials(&known.name)}
            </span>
            <span class="tile-state" prop:textContent=state></span>
            <figcaption>
                <strong translate="no">{known.name.clone()}</strong>
                <span class="tile-role">{role(known.role)}</span>
                {move || {
                    (!heard.get())
                        .then(|| {
                            view! {
                                <TileBadge sign=CallIconShape::MicrophoneOff text=c().state_muted />
                            }
                        })
                }}
                {move || {
                    (!on(|one| one.media.video || one.media.screen))
                        .then(|| {
                            view! {
                                <TileBadge
                                    sign=CallIconShape::CameraOff
                                    text=c().state_camera_off
                                />
                            }
                        })
                }}
                {move || {
                    screen
                        .get()
                        .then(|| {
                            view! { <TileBadge sign=CallIconShape::Screen text=c().state_screen /> }
                        })
                }}
                {move || {
                    quality()
                        .map(|(class, text)| {
                            view! {
                                <span class=class>
                                    <TileBadge sign=CallIconShape::Weak text />
                                </span>
                            }
                        })
                }}
            </figcaption>
        </figure>
    })
}

#[component]
fn OwnTile(name: String, devices: Devices) -> impl IntoView {
    let label = fill(c().tile_you, &[("name", &name)]);
    let sharing = Memo::new(move |_| devices.screen.with(Option::is_some));
    let seen = Memo::new(move |_| devices.sends_video());
    view! {
        <figure class="tile own" aria-label=label>
            <VideoPlayer track=devices.picture mirrored=true />
            <span class="initials" aria-hidden="true" hidden=seen translate="no">
                {initials(&name)}
            </span>
            <figcaption>
                <strong>{c().you}</strong>
                {move || {
                    (!devices.sends_audio())
                        .then(|| {
                            view! {
                                <TileBadge sign=CallIconShape::MicrophoneOff text=c().state_muted />
                            }
                        })
                }}
                {move || {
                    (!seen.get())
                        .then(|| {
                            view! {
                                <TileBadge
                                    sign=CallIconShape::CameraOff
                                    text=c().state_camera_off
                                />
                            }
                        })
                }}
                {move || {
                    sharing
                        .get()
                        .then(|| {
                            view! { <TileBadge sign=CallIconShape::Screen text=c().state_screen /> }
                        })
                }}
            </figcaption>
        </figure>
    }
}

/// A small icon with a text for screen readers.
#[component]
fn TileBadge(sign: CallIconShape, text: &'static str) -> impl IntoView {
    view! {
        <span class="mark" title=text>
            <CallIcon sign=Signal::stored(sign) />
            <span class="unseen" prop:textContent=text></span>
        </span>
    }
}

/// The people who are not there, and the people in the queue.
#[component]
fn AbsentPeople(call: Call, alone: Signal<bool>) -> impl IntoView {
    let line = move |is_so: fn(&CallPerson, bool) -> bool, text: &'static str| {
        let is_named = |one: &&CallPerson| {
            one.id != call.me && is_so(one, call.met.with(|met| met.contains(&one.id)))
        };
        let names = call.people.with(|people| {
            people
                .iter()
                .filter(is_named)
                .map(|one| one.name.clone())
                .collect::<Vec<_>>()
                .join(", ")
        });
        (!names.is_empty())
            .then(|| view! { <p prop:textContent=fill(text, &[("names", &names)])></p> })
    };
    // Either nobody has come yet, or everybody else has left.
    let nobody = move || {
        if call.met.with(|met| met.iter().any(|one| *one != call.me)) {
            c().alone_again
        } else {
            c().alone
        }
    };
    view! {
        <div class="missing">
            {move || alone.get().then(|| view! { <p>{nobody}</p> })}
            {move || line(|one, _| one.state == PresenceState::Waiting, c().queued)}
            {move || line(|one, met| one.state == PresenceState::Missing && !met, c().not_here)}
            {move || line(|one, met| one.state == PresenceState::Missing && met, c().gone)}
        </div>
    }
}

/// Returns the initials of the first and the last word of a name, without titles.
fn initials(name: &str) -> String {
    let words: Vec<&str> = name
        .split_whitespace()
        .filter(|word| {
            !matches!(word.trim_end_matches('.'), "Mr" | "Mrs" | "Ms" | "Miss" | "Mx" | "Dr")
        })
        .collect();
    let first = |word: Option<&&str>| {
        word.and_then(|word| word.chars().next()).map(String::from).unwrap_or_default()
    };
    let last = if words.len() > 1 { first(words.last()) } else { String::new() };
    first(words.first()) + &last
}
