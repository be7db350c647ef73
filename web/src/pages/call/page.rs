//! Page of a call. The same page takes a person from one appointment to the next, so that camera
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

/// The storage key of the tab's key during a reload.
const TAB_KEY: &str = "parlour.tab";

/// The step of a call that is shown.
#[derive(Clone, PartialEq)]
pub(super) enum CallStep {
    Door,
    Room,
    /// The person is out of the call, with the code and the detail of the reason.
    After(String, String),
}

/// The state that the parts of the page share.
#[derive(Clone, Copy)]
pub(super) struct Visit {
    pub(super) guest: bool,
    pub(super) devices: Devices,
    pub(super) step: RwSignal<CallStep>,
    /// The key by which the server recognises this tab.
    pub(super) tab: StoredValue<String>,
    /// Offset of the server's clock from ours, in milliseconds, according to the latest door.
    pub(super) clock_offset: StoredValue<f64>,
    /// True if the next appointment is entered without its door.
    skip_door: StoredValue<bool>,
    /// The current appointment; setting another one moves on to it.
    booking: RwSignal<Uuid>,
}

impl Visit {
    /// Enters the call.
    pub(super) fn enter(self) {
        browser::store_item(browser::CURRENT_CALL_KEY, &self.booking.get_untracked().to_string());
        self.step.set(CallStep::Room);
    }

    /// Records that the person is out of the call, and why.
    pub(super) fn end(self, code: &str, detail: &str) {
        browser::remove_item(browser::CURRENT_CALL_KEY);
        self.step.set(CallStep::After(code.to_owned(), detail.to_owned()));
        person::call_ended();
    }

    /// Enters the next appointment directly.
    pub(super) fn continue_to(self, booking: Uuid) {
        let path = if self.guest { "/guest/calls/" } else { "/calls/" };
        // The router is bypassed: it would rebuild the page and release the devices.
        browser::replace_path(&format!("{path}{booking}"));
        browser::store_item(browser::CURRENT_CALL_KEY, &booking.to_string());
        self.skip_door.set_value(true);
        self.booking.set(booking);
    }

    /// Returns the path of the person's appointments.
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
    // The key is stored only during a reload; otherwise a duplicated tab would copy it.
    let hidden = StoredValue::new_local(JsObject::window().on("pagehide", move |_| {
        if let Some(key) = visit.tab.try_get_value() {
            browser::store_item(TAB_KEY, &key);
        }
    }));
    // A page restored from the back/forward cache has left its call, so it is reloaded.
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

/// Returns how far the server's clock is ahead of ours, in milliseconds, by a door that was just
/// fetched.
pub(super) fn clock_offset_of(door: &CallDoor) -> f64 {
    door.now.timestamp_millis() as f64 - js_sys::Date::now()
}

/// Returns the key that this tab had before a reload, or a new one.
fn take_tab_key() -> String {
    let key = browser::stored_item(TAB_KEY).unwrap_or_else(browser::random_key);
    browser::remove_item(TAB_KEY);
    key
}

/// Fetches all data that entering needs, so that pressing the button waits for nothing.
#[component]
fn Appointment(visit: Visit, booking: Uuid) -> impl IntoView {
    // The step changes only now, when the view of the previous appointment is gone.
    visit.step.set(if visit.skip_door.get_value() { CallStep::Room } else { CallStep::Door });
    visit.skip_door.set_value(false);
    let asked = Query::new(move || async move {
        let door = api::get_call_door(booking, visit.guest).await?;
        let servers = api::get_ice_servers(Some(booking)).await?;
        Ok((door, servers))
    });
    let show = move |(door, servers): (CallDoor, IceServers)| {
        // The offset is computed now and not when a step shows a clock: `door.now` is the time at
        // which the door was fetched.
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
