//! The pages behind the login, in parts of the client that are fetched when one is first opened:
//! the login itself is there at once.
//!
//! A part that can't be fetched is a failure like any other, with "Try again".

use std::pin::Pin;

use leptos::{prelude::*, wasm_split::wasm_split};
use uuid::Uuid;

use super::{
    call::CallPageProps,
    history::EntriesProps,
    invites::{Desk, DesktopProps},
    style::dressed,
};
use crate::{
    api::{Answer, Failure},
    browser,
    components::{LazyPanel, Part},
    session::session,
    task::spawn,
};

impl From<leptos::wasm_split::SplitLoaderError> for Failure {
    fn from(_: leptos::wasm_split::SplitLoaderError) -> Self {
        Self::Offline
    }
}

#[wasm_split(parent, fallible, wasm_split_path = leptos::wasm_split, preload(preload_parent))]
fn bookings() -> Answer<AnyView> {
    Ok(super::bookings::BookingsPage().into_any())
}

#[wasm_split(book, fallible, wasm_split_path = leptos::wasm_split)]
fn book() -> Answer<Part> {
    Ok(dressed("later", || super::book::BookPage().into_any()))
}

/// What is in the invite dialog.
#[wasm_split(extras, fallible, wasm_split_path = leptos::wasm_split, preload(preload_extras))]
pub(super) fn invites(desk: Desk, open: RwSignal<bool>) -> Answer<AnyView> {
    Ok(super::invites::Desktop(DesktopProps { desk, open }).into_any())
}

#[wasm_split(extras, fallible, wasm_split_path = leptos::wasm_split)]
pub(super) fn history(evening: Uuid, parent: Option<Uuid>) -> Answer<AnyView> {
    Ok(super::history::Entries(EntriesProps { evening, parent }).into_any())
}

#[wasm_split(parent, fallible, wasm_split_path = leptos::wasm_split)]
fn home() -> Answer<AnyView> {
    Ok(super::home::HomePage().into_any())
}

#[wasm_split(parent, fallible, wasm_split_path = leptos::wasm_split)]
fn identity() -> Answer<AnyView> {
    Ok(super::identity::IdentityPage().into_any())
}

#[wasm_split(guest, fallible, wasm_split_path = leptos::wasm_split)]
fn guest() -> Answer<Part> {
    Ok(dressed("later", || super::guest::GuestPage().into_any()))
}

#[wasm_split(guest, fallible, wasm_split_path = leptos::wasm_split)]
fn guest_appointments() -> Answer<Part> {
    Ok(dressed("later", || super::guest::GuestAppointmentsPage().into_any()))
}

/// Fetches what a parent needs after the login, while they look for the code.
pub(crate) fn fetch_ahead() {
    spawn(Box::pin(async {
        // Not fetched now, it is fetched, or fails visibly, when it is needed.
        let _ = preload_parent().await;
    }));
}

/// Fetches what opens on My Bookings, when it is about to be opened: not before, since many come
/// only to look at their times.
pub(super) fn fetch_extras() {
    spawn(Box::pin(async {
        // As above: when it is needed, a failure shows.
        let _ = preload_extras().await;
    }));
}

#[wasm_split(school, fallible, wasm_split_path = leptos::wasm_split)]
fn teacher_start() -> Answer<Part> {
    Ok(dressed("later", || super::teacher::TeacherStart().into_any()))
}

#[wasm_split(school, fallible, wasm_split_path = leptos::wasm_split)]
fn schedule() -> Answer<Part> {
    Ok(dressed("later", || super::teacher::SchedulePage().into_any()))
}

#[wasm_split(school, fallible, wasm_split_path = leptos::wasm_split)]
fn staff_start() -> Answer<Part> {
    Ok(dressed("later", || super::staff::StaffStart().into_any()))
}

#[wasm_split(school, fallible, wasm_split_path = leptos::wasm_split)]
fn staff_parent() -> Answer<Part> {
    Ok(dressed("later", || super::staff_parent::ParentPage().into_any()))
}

#[wasm_split(school, fallible, wasm_split_path = leptos::wasm_split)]
fn bars() -> Answer<Part> {
    Ok(dressed("later", || super::bars::BarsPage().into_any()))
}

#[wasm_split(school, fallible, wasm_split_path = leptos::wasm_split)]
fn office() -> Answer<Part> {
    Ok(dressed("later", || super::office::OfficePage().into_any()))
}

#[wasm_split(school, fallible, wasm_split_path = leptos::wasm_split)]
fn clients() -> Answer<Part> {
    Ok(dressed("later", || super::clients::ClientsPage().into_any()))
}

#[wasm_split(school, fallible, wasm_split_path = leptos::wasm_split)]
fn webhooks() -> Answer<Part> {
    Ok(dressed("later", || super::webhooks::WebhooksPage().into_any()))
}

#[wasm_split(school, fallible, wasm_split_path = leptos::wasm_split)]
fn webhook_log() -> Answer<Part> {
    Ok(dressed("later", || super::webhook_log::WebhookLogPage().into_any()))
}

#[wasm_split(school, fallible, wasm_split_path = leptos::wasm_split)]
fn mailbox() -> Answer<Part> {
    Ok(dressed("later", || super::mailbox::MailboxPage().into_any()))
}

#[wasm_split(call, fallible, wasm_split_path = leptos::wasm_split)]
fn call(guest: bool) -> Answer<Part> {
    Ok(dressed("call", move || super::call::CallPage(CallPageProps { guest }).into_any()))
}

#[wasm_split(call, fallible, wasm_split_path = leptos::wasm_split)]
fn devices() -> Answer<Part> {
    Ok(dressed("call", || super::call::DevicesPage().into_any()))
}

/// A page whose part is fetched first, and its sheet then. Here once, and not once for each page.
fn opened(part: Pin<Box<dyn Future<Output = Answer<Part>>>>) -> Part {
    Box::pin(async move { part.await?.await })
}

/// A call. A guest is asked for no login.
#[component]
pub(crate) fn CallRoute(guest: bool) -> impl IntoView {
    if !guest {
        session().ask();
    }
    view! { <LazyPanel part=Box::new(move || opened(Box::pin(call(guest)))) /> }
}

#[component]
pub(crate) fn DevicesRoute() -> impl IntoView {
    if !browser::current_path().starts_with("/guest") {
        session().ask();
    }
    view! { <LazyPanel part=Box::new(|| opened(Box::pin(devices()))) /> }
}

#[component]
pub(crate) fn BookingsRoute() -> impl IntoView {
    session().ask();
    view! { <LazyPanel part=Box::new(|| Box::pin(bookings())) /> }
}

#[component]
pub(crate) fn BookRoute() -> impl IntoView {
    session().ask();
    view! { <LazyPanel part=Box::new(|| opened(Box::pin(book()))) /> }
}

#[component]
pub(crate) fn HomeRoute() -> impl IntoView {
    session().ask();
    view! { <LazyPanel part=Box::new(|| Box::pin(home())) /> }
}

#[component]
pub(crate) fn IdentityRoute() -> impl IntoView {
    session().ask();
    view! { <LazyPanel part=Box::new(|| Box::pin(identity())) /> }
}

#[component]
pub(crate) fn GuestRoute() -> impl IntoView {
    view! { <LazyPanel part=Box::new(|| opened(Box::pin(guest()))) /> }
}

#[component]
pub(crate) fn GuestAppointmentsRoute() -> impl IntoView {
    view! { <LazyPanel part=Box::new(|| opened(Box::pin(guest_appointments()))) /> }
}

#[component]
pub(crate) fn TeacherRoute() -> impl IntoView {
    session().ask();
    view! { <LazyPanel part=Box::new(|| opened(Box::pin(teacher_start()))) /> }
}

#[component]
pub(crate) fn ScheduleRoute() -> impl IntoView {
    session().ask();
    view! { <LazyPanel part=Box::new(|| opened(Box::pin(schedule()))) /> }
}

#[component]
pub(crate) fn StaffRoute() -> impl IntoView {
    session().ask();
    view! { <LazyPanel part=Box::new(|| opened(Box::pin(staff_start()))) /> }
}

#[component]
pub(crate) fn StaffParentRoute() -> impl IntoView {
    session().ask();
    view! { <LazyPanel part=Box::new(|| opened(Box::pin(staff_parent()))) /> }
}

#[component]
pub(crate) fn BarsRoute() -> impl IntoView {
    session().ask();
    view! { <LazyPanel part=Box::new(|| opened(Box::pin(bars()))) /> }
}

#[component]
pub(crate) fn OfficeRoute() -> impl IntoView {
    session().ask();
    view! { <LazyPanel part=Box::new(|| opened(Box::pin(office()))) /> }
}

#[component]
pub(crate) fn ClientsRoute() -> impl IntoView {
    session().ask();
    view! { <LazyPanel part=Box::new(|| opened(Box::pin(clients()))) /> }
}

#[component]
pub(crate) fn WebhooksRoute() -> impl IntoView {
    session().ask();
    view! { <LazyPanel part=Box::new(|| opened(Box::pin(webhooks()))) /> }
}

#[component]
pub(crate) fn WebhookLogRoute() -> impl IntoView {
    session().ask();
    view! { <LazyPanel part=Box::new(|| opened(Box::pin(webhook_log()))) /> }
}

#[component]
pub(crate) fn MailboxRoute() -> impl IntoView {
    view! { <LazyPanel part=Box::new(|| opened(Box::pin(mailbox()))) /> }
}
