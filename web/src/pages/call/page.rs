//! The page of a call. One page carries a person from one appointment to the next, so that camera
//! and microphone stay on.

use leptos::prelude::*;
use parlour_wire::{CallDoor, CallState, IceServers};
use uuid::Uuid;

use super::{
    after::{After, AfterProps},
    door::{Door, DoorProps},
    room::{Room, RoomProps},
};
use crate::{
    api, browser,
    call::{devices::Devices, js_object::JsObject},
    components::{Panel, rebuild_on_change},
    person,
    query::Query,
    route,
};

/// Where a tab's key lies while its page is loaded again.
const TAB_KEY: &str = "parlour.tab";

/// What is shown of a call.
#[derive(Clone, PartialEq)]
pub(super) enum CallStep {
    Door,
    Room,
    /// One is out, with code and detail.
    After(String, String),
}

/// What the parts of the page share.
#[derive(Clone, Copy)]
pub(super) struct Visit {
    pub(super) guest: bool,
    pub(super) devices: Devices,
    pub(super) step: RwSignal<CallStep>,
    /// The key by which the server knows this tab again.
    pub(super) tab: StoredValue<String>,
    /// How far the server's clock is before ours, in milliseconds, as of the door that was read
    /// last.
    pub(super) clock_offset: StoredValue<f64>,
    /// The next appointment that is shown is entered without a door.
    skip_door: StoredValue<bool>,
    /// The appointment; another one is the next.
    booking: RwSignal<Uuid>,
}

impl Visit {
    /// Goes in.
    pub(super) fn enter(self) {
        browser::store_item(browser::CURRENT_CALL_KEY, &self.booking.get_untracked().to_string());
        self.step.set(CallStep::Room);
    }

    /// Is out, for this reason.
    pub(super) fn end(self, code: &str, detail: &str) {
        browser::remove_item(browser::CURRENT_CALL_KEY);
        self.step.set(CallStep::After(code.to_owned(), detail.to_owned()));
        person::call_ended();
    }

    /// Straight into the next appointment.
    pub(super) fn continue_to(self, booking: Uuid) {
        let path = if self.guest { "/guest/calls/" } else { "/calls/" };
        // Not through the router: it would make the page anew, and let go of the devices.
        browser::replace_path(&format!("{path}{booking}"));
        browser::store_item(browser::CURRENT_CALL_KEY, &booking.to_string());
        self.skip_door.set_value(true);
        self.booking.set(booking);
    }

    /// Where the appointments are.
    pub(super) fn home(self, door: &CallDoor) -> String {
        match door.you.role {
            _ if self.guest => "guest/appointments".to_owned(),
            parlour_wire::CallRole::Teacher => format!("teacher/evenings/{}", door.evening_id),
            _ => format!("evenings/{}", door.evening_id),
        }
    }
}

#[component]
pub(crate) fn CallPage(guest: bool) -> impl IntoView {
    let booking = route::page_id();
    let inside = browser::stored_item(browser::CURRENT_CALL_KEY)
        .is_some_and(|kept| kept == booking.to_string());
    let visit = Visit {
        guest,
        devices: Devices::new(),
        tab: StoredValue::new(take_tab_key()),
        step: RwSignal::new(CallStep::Door),
        clock_offset: StoredValue::new(0.0),
        skip_door: StoredValue::new(inside),
        booking: RwSignal::new(booking),
    };
    visit.devices.start();
    // Only while the page is loaded again does the key lie where a copy of the tab would find it
    // too.
    let hidden = StoredValue::new_local(JsObject::window().on("pagehide", move |_| {
        if let Some(key) = visit.tab.try_get_value() {
            browser::store_item(TAB_KEY, &key);
        }
    }));
    // A page that the browser kept asleep has left its call: it begins again.
    let shown = StoredValue::new_local(JsObject::window().on("pageshow", |event| {
        if event.is_true("persisted") {
            let _ = window().location().reload();
        }
    }));
    on_cleanup(move || {
        hidden.dispose();
        shown.dispose();
        browser::remove_item(browser::CURRENT_CALL_KEY);
        person::call_ended();
    });
    rebuild_on_change(move || {
        let booking = visit.booking.get();
        view! { <Appointment visit booking /> }.into_any()
    })
}

/// How far the server's clock is before ours, by a door that was just read; in milliseconds.
pub(super) fn clock_offset_of(door: &CallDoor) -> f64 {
    door.now.timestamp_millis() as f64 - js_sys::Date::now()
}

/// The key that this tab had before it was loaded again, or a new one.
fn take_tab_key() -> String {
    let key = browser::stored_item(TAB_KEY).unwrap_or_else(browser::random_key);
    browser::remove_item(TAB_KEY);
    key
}

/// What is to be known before one can enter: asked for together, so that the press on the button
/// has nothing to wait for.
#[component]
fn Appointment(visit: Visit, booking: Uuid) -> impl IntoView {
    // Only now: what was shown of the appointment before is gone.
    visit.step.set(if visit.skip_door.get_value() { CallStep::Room } else { CallStep::Door });
    visit.skip_door.set_value(false);
    let asked = Query::new(move || async move {
        let door = api::get_call_door(booking, visit.guest).await?;
        let servers = api::get_ice_servers(Some(booking)).await?;
        Ok((door, servers))
    });
    let show = move |(door, servers): (CallDoor, IceServers)| {
        // Now, and not when some step shows a clock: the door says the time at which it was read.
        visit.clock_offset.set_value(clock_offset_of(&door));
        if door.state != CallState::Open && visit.step.get_untracked() == CallStep::Room {
            visit.step.set(CallStep::Door);
        }
        let (door, servers) = (StoredValue::new(door), StoredValue::new(servers));
        rebuild_on_change(move || {
            let door = door.get_value();
            match visit.step.get() {
                CallStep::Door if door.state == CallState::Over => After(AfterProps {
                    visit,
                    door,
                    code: "call_over".to_owned(),
                    detail: String::new(),
                })
                .into_any(),
                CallStep::Door => Door(DoorProps { visit, door }).into_any(),
                CallStep::Room => {
                    Room(RoomProps { visit, door, servers: servers.get_value() }).into_any()
                }
                CallStep::After(code, detail) => {
                    After(AfterProps { visit, door, code, detail }).into_any()
                }
            }
        })
    };
    view! { <Panel data=asked show /> }
}
