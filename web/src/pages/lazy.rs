//! Lazy pages: everything behind the login is in parts of the web app that are fetched on first
//! use. The login itself loads at once.
//!
//! A part that can't be fetched is shown as a failure with "Try again".

use std::pin::Pin;

use leptos::{prelude::*, wasm_split::wasm_split};
use uuid::Uuid;

use super::{
    call::CallPageProps,
    history::EntriesProps,
    invites::{InviteDialogContentProps, InvitesState},
    stylesheet::with_stylesheet,
};
use crate::{
    api::{ApiResult, Failure},
    browser,
    components::{LazyPanel, LazyView},
    session::session,
    task::spawn,
};

impl From<leptos::wasm_split::SplitLoaderError> for Failure {
    fn from(_: leptos::wasm_split::SplitLoaderError) -> Self {
        Self::Offline
    }
}

#[wasm_split(parent, fallible, wasm_split_path = leptos::wasm_split, preload(preload_parent))]
fn bookings() -> ApiResult<AnyView> {
    Ok(super::bookings::BookingsPage().into_any())
}

#[wasm_split(book, fallible, wasm_split_path = leptos::wasm_split)]
fn book() -> ApiResult<LazyView> {
    Ok(with_stylesheet("later", || super::book::BookPage().into_any()))
}

/// The content of the invite dialog.
#[wasm_split(extras, fallible, wasm_split_path = leptos::wasm_split, preload(preload_extras))]
pub(super) fn invites(shared: InvitesState, open: RwSignal<bool>) -> ApiResult<AnyView> {
    Ok(super::invites::InviteDialogContent(InviteDialogContentProps { shared, open }).into_any())
}

#[wasm_split(extras, fallible, wasm_split_path = leptos::wasm_split)]
pub(super) fn history(evening: Uuid, parent: Option<Uuid>) -> ApiResult<AnyView> {
    Ok(super::history::Entries(EntriesProps { evening, parent }).into_any())
}

#[wasm_split(parent, fallible, wasm_split_path = leptos::wasm_split)]
fn home() -> ApiResult<AnyView> {
    Ok(super::home::HomePage().into_any())
}

#[wasm_split(parent, fallible, wasm_split_path = leptos::wasm_split)]
fn identity() -> ApiResult<AnyView> {
    Ok(super::identity::IdentityPage().into_any())
}

#[wasm_split(guest, fallible, wasm_split_path = leptos::wasm_split)]
fn guest() -> ApiResult<LazyView> {
    Ok(with_stylesheet("later", || super::guest::GuestPage().into_any()))
}

#[wasm_split(guest, fallible, wasm_split_path = leptos::wasm_split)]
fn guest_appointments() -> ApiResult<LazyView> {
    Ok(with_stylesheet("later", || super::guest::GuestAppointmentsPage().into_any()))
}

/// Prefetches the pages that a parent needs after the login, while the parent looks for the code.
pub(crate) fn preload_parent_pages() {
    spawn(Box::pin(async {
        // A failed prefetch is ignored: the part is fetched again when it is needed, and a failure
        // is shown then.
        let _ = preload_parent().await;
    }));
}

/// Prefetches the dialogs of My Bookings when one is about to be opened. They are not fetched
/// earlier, since many parents come only to look at their times.
pub(super) fn preload_dialogs() {
    spawn(Box::pin(async {
        // As above, a failure is shown when the part is needed.
        let _ = preload_extras().await;
    }));
}

#[wasm_split(school, fallible, wasm_split_path = leptos::wasm_split)]
fn teacher_start() -> ApiResult<LazyView> {
    Ok(with_stylesheet("later", || super::teacher::TeacherStart().into_any()))
}

#[wasm_split(school, fallible, wasm_split_path = leptos::wasm_split)]
fn schedule() -> ApiResult<LazyView> {
    Ok(with_stylesheet("later", || super::teacher::SchedulePage().into_any()))
}

#[wasm_split(school, fallible, wasm_split_path = leptos::wasm_split)]
fn staff_start() -> ApiResult<LazyView> {
    Ok(with_stylesheet("later", || super::staff::StaffStart().into_any()))
}

#[wasm_split(school, fallible, wasm_split_path = leptos::wasm_split)]
fn staff_parent() -> ApiResult<LazyView> {
    Ok(with_stylesheet("later", || super::staff_parent::ParentPage().into_any()))
}

#[wasm_split(school, fallible, wasm_split_path = leptos::wasm_split)]
fn bars() -> ApiResult<LazyView> {
    Ok(with_stylesheet("later", || super::bars::BarsPage().into_any()))
}

#[wasm_split(school, fallible, wasm_split_path = leptos::wasm_split)]
fn office() -> ApiResult<LazyView> {
    Ok(with_stylesheet("later", || super::office::OfficePage().into_any()))
}

#[wasm_split(school, fallible, wasm_split_path = leptos::wasm_split)]
fn api_clients() -> ApiResult<LazyView> {
    Ok(with_stylesheet("later", || super::api_clients::ApiClientsPage().into_any()))
}

#[wasm_split(school, fallible, wasm_split_path = leptos::wasm_split)]
fn webhooks() -> ApiResult<LazyView> {
    Ok(with_stylesheet("later", || super::webhooks::WebhooksPage().into_any()))
}

#[wasm_split(school, fallible, wasm_split_path = leptos::wasm_split)]
fn webhook_log() -> ApiResult<LazyView> {
    Ok(with_stylesheet("later", || super::webhook_log::WebhookLogPage().into_any()))
}

#[wasm_split(school, fallible, wasm_split_path = leptos::wasm_split)]
fn mailbox() -> ApiResult<LazyView> {
    Ok(with_stylesheet("later", || super::mailbox::MailboxPage().into_any()))
}

#[wasm_split(call, fallible, wasm_split_path = leptos::wasm_split)]
fn call(guest: bool) -> ApiResult<LazyView> {
    Ok(with_stylesheet("call", move || super::call::CallPage(CallPageProps { guest }).into_any()))
}

#[wasm_split(call, fallible, wasm_split_path = leptos::wasm_split)]
fn devices() -> ApiResult<LazyView> {
    Ok(with_stylesheet("call", || super::call::DevicesPage().into_any()))
}

/// Awaits a page's part and then its style sheet. It is a function of its own, so that it is not
/// compiled once per page.
fn resolve_view(part: Pin<Box<dyn Future<Output = ApiResult<LazyView>>>>) -> LazyView {
    Box::pin(async move { part.await?.await })
}

/// The page of a call. The logged-in person is not fetched for guests, who have no login.
#[component]
pub(crate) fn CallRoute(guest: bool) -> impl IntoView {
    if !guest {
        session().load_me();
    }
    view! { <LazyPanel part=Box::new(move || resolve_view(Box::pin(call(guest)))) /> }
}

#[component]
pub(crate) fn DevicesRoute() -> impl IntoView {
    if !browser::current_path().starts_with("/guest") {
        session().load_me();
    }
    view! { <LazyPanel part=Box::new(|| resolve_view(Box::pin(devices()))) /> }
}

#[component]
pub(crate) fn BookingsRoute() -> impl IntoView {
    session().load_me();
    view! { <LazyPanel part=Box::new(|| Box::pin(bookings())) /> }
}

#[component]
pub(crate) fn BookRoute() -> impl IntoView {
    session().load_me();
    view! { <LazyPanel part=Box::new(|| resolve_view(Box::pin(book()))) /> }
}

#[component]
pub(crate) fn HomeRoute() -> impl IntoView {
    session().load_me();
    view! { <LazyPanel part=Box::new(|| Box::pin(home())) /> }
}

#[component]
pub(crate) fn IdentityRoute() -> impl IntoView {
    session().load_me();
    view! { <LazyPanel part=Box::new(|| Box::pin(identity())) /> }
}

#[component]
pub(crate) fn GuestRoute() -> impl IntoView {
    view! { <LazyPanel part=Box::new(|| resolve_view(Box::pin(guest()))) /> }
}

#[component]
pub(crate) fn GuestAppointmentsRoute() -> impl IntoView {
    view! { <LazyPanel part=Box::new(|| resolve_view(Box::pin(guest_appointments()))) /> }
}

#[component]
pub(crate) fn TeacherRoute() -> impl IntoView {
    session().load_me();
    view! { <LazyPanel part=Box::new(|| resolve_view(Box::pin(teacher_start()))) /> }
}

#[component]
pub(crate) fn ScheduleRoute() -> impl IntoView {
    session().load_me();
    view! { <LazyPanel part=Box::new(|| resolve_view(Box::pin(schedule()))) /> }
}

#[component]
pub(crate) fn StaffRoute() -> impl IntoView {
    session().load_me();
    view! { <LazyPanel part=Box::new(|| resolve_view(Box::pin(staff_start()))) /> }
}

#[component]
pub(crate) fn StaffParentRoute() -> impl IntoView {
    session().load_me();
    view! { <LazyPanel part=Box::new(|| resolve_view(Box::pin(staff_parent()))) /> }
}

#[component]
pub(crate) fn BarsRoute() -> impl IntoView {
    session().load_me();
    view! { <LazyPanel part=Box::new(|| resolve_view(Box::pin(bars()))) /> }
}

#[component]
pub(crate) fn OfficeRoute() -> impl IntoView {
    session().load_me();
    view! { <LazyPanel part=Box::new(|| resolve_view(Box::pin(office()))) /> }
}

#[component]
pub(crate) fn ApiClientsRoute() -> impl IntoView {
    session().load_me();
    view! { <LazyPanel part=Box::new(|| resolve_view(Box::pin(api_clients()))) /> }
}

#[component]
pub(crate) fn WebhooksRoute() -> impl IntoView {
    session().load_me();
    view! { <LazyPanel part=Box::new(|| resolve_view(Box::pin(webhooks()))) /> }
}

#[component]
pub(crate) fn WebhookLogRoute() -> impl IntoView {
    session().load_me();
    view! { <LazyPanel part=Box::new(|| resolve_view(Box::pin(webhook_log()))) /> }
}

#[component]
pub(crate) fn MailboxRoute() -> impl IntoView {
    view! { <LazyPanel part=Box::new(|| resolve_view(Box::pin(mailbox()))) /> }
}
