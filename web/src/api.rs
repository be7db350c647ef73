//! The client of `/api/v1`: one function an operation, named as in the contract. Knows no page.

use std::{fmt, pin::Pin};

use js_sys::{Function, Reflect};
use leptos::prelude::{document, window};
use parlour_wire::{
    ApiClient, ApiClientChange, AppointmentRecord, Bar, Booking, BookingChange, CallDoor,
    ChosenIdentity, DevActor, DevClock, DevClockMove, DevLogin, DevMail, Evening,
    GuestAppointments, GuestLinkPreview, GuestLinkRenewal, HistoryEntry, IceServers, Invite,
    Invites, IssuedApiClient, Lateness, LinkToken, LinkedStudent, LoginLink, LoginLinkPreview, Me,
    MyBookings, NewApiClient, NewBar, NewBookings, NewGuestLinkRequest, NewInvite, NewLoginLink,
    NewSession, NewWebhook, Page, Parent, Problem, Schedule, School, SchoolChange, SlotGrid,
    Webhook, WebhookChange, WebhookDelivery, WebhookWithSecret,
    plain::{self, Read, Write},
};
use uuid::Uuid;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, RequestCredentials, RequestInit, Response};

use crate::{
    intent::Intent,
    js::Js,
    person::{self, Change},
    texts,
};

/// Why there is no answer to work with.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Failure {
    /// The server could not be reached.
    Offline,
    /// A part of the web app can't be had from a server that answers: it has a newer build.
    PartMissing,
    /// The server refused, and says why.
    Refused(Box<Problem>),
    /// The answer, with this status, is not one of the contract.
    Unreadable(u16),
}

impl Failure {
    /// The code of a refusal; empty otherwise.
    pub(crate) fn code(&self) -> &str {
        match self {
            Self::Refused(problem) => &problem.code,
            Self::Offline | Self::PartMissing | Self::Unreadable(_) => "",
        }
    }

    /// Whether its text says to ask or to contact the school.
    pub(crate) fn asks_the_school(&self) -> bool {
        matches!(
            self.code(),
            "access_ended"
                | "address_suppressed"
                | "ask_the_school"
                | "booking_closed"
                | "invite_limit"
                | "resend_limit"
        )
    }

    /// What went wrong with this field of the request, if it is about one.
    pub(crate) fn of_field(&self, field: &str) -> Option<String> {
        let Self::Refused(problem) = self else { return None };
        let error = problem.errors.iter().find(|error| error.field == field)?;
        Some(texts::error(&error.code).map_or_else(|| error.detail.clone(), str::to_owned))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Offline => texts::t().offline,
            Self::PartMissing => texts::t().part_missing,
            Self::Refused(problem) => texts::error(&problem.code).unwrap_or(&problem.detail),
            Self::Unreadable(_) => texts::t().unreadable,
        })
    }
}

impl std::error::Error for Failure {}

/// What an operation gives.
pub(crate) type Answer<T> = Result<T, Failure>;

pub(crate) async fn get_school() -> Answer<School> {
    get("school").await
}

/// Says how families reach the school.
pub(crate) async fn change_school(change: &SchoolChange) -> Answer<School> {
    send("PATCH", "school", change).await
}

pub(crate) async fn get_me() -> Answer<Me> {
    get("me").await
}

pub(crate) async fn choose_identity(chosen: &ChosenIdentity) -> Answer<Me> {
    send("PUT", "me/identity", chosen).await
}

pub(crate) async fn create_login_link(link: &NewLoginLink) -> Answer<LoginLink> {
    send("POST", "login_links", link).await
}

pub(crate) async fn preview_login_link(token: &str) -> Answer<LoginLinkPreview> {
    send("POST", "login_links/preview", &LinkToken { token: token.to_owned() }).await
}

pub(crate) async fn create_session(session: &NewSession) -> Answer<Me> {
    send("POST", "sessions", session).await
}

pub(crate) async fn delete_session() -> Answer<()> {
    delete("sessions/current").await
}

pub(crate) async fn delete_sessions() -> Answer<()> {
    delete("sessions").await
}

pub(crate) async fn list_evenings() -> Answer<Page<Evening>> {
    get("evenings?limit=100").await
}

pub(crate) async fn get_slots(evening: Uuid, parent: Option<Uuid>) -> Answer<SlotGrid> {
    get(&of_parent(evening, "slots", parent)).await
}

pub(crate) async fn get_bookings(evening: Uuid, parent: Option<Uuid>) -> Answer<MyBookings> {
    get(&of_parent(evening, "bookings", parent)).await
}

pub(crate) async fn create_bookings(
    evening: Uuid,
    parent: Option<Uuid>,
    bookings: &NewBookings,
) -> Answer<Page<Booking>> {
    send("POST", &of_parent(evening, "bookings", parent), bookings).await
}

/// Where the calendar file is, to be linked to.
pub(crate) fn calendar_href(evening: Uuid, parent: Option<Uuid>) -> String {
    format!("api/v1/{}", of_parent(evening, "calendar", parent))
}

pub(crate) async fn get_history(
    evening: Uuid,
    parent: Option<Uuid>,
    cursor: Option<&str>,
) -> Answer<Page<HistoryEntry>> {
    let mut path = of_parent(evening, "history", parent);
    if let Some(cursor) = cursor {
        let joint = if parent.is_some() { '&' } else { '?' };
        path.push(joint);
        path.push_str("cursor=");
        path.push_str(&escaped(cursor));
    }
    get(&path).await
}

pub(crate) async fn get_schedule(evening: Uuid) -> Answer<Schedule> {
    get(&of_parent(evening, "schedule", None)).await
}

pub(crate) async fn set_lateness(evening: Uuid, minutes: u32) -> Answer<Lateness> {
    send("PUT", &format!("evenings/{evening}/lateness"), &Lateness { minutes }).await
}

pub(crate) async fn set_record(
    booking: Uuid,
    record: &AppointmentRecord,
) -> Answer<AppointmentRecord> {
    send("PUT", &format!("bookings/{booking}/record"), record).await
}

pub(crate) async fn change_booking(booking: Uuid, change: &BookingChange) -> Answer<Booking> {
    send("PATCH", &format!("bookings/{booking}"), change).await
}

pub(crate) async fn cancel_booking(booking: Uuid) -> Answer<()> {
    delete(&format!("bookings/{booking}")).await
}

pub(crate) async fn get_invites(evening: Uuid, parent: Option<Uuid>) -> Answer<Invites> {
    get(&of_parent(evening, "invites", parent)).await
}

pub(crate) async fn send_invite(
    evening: Uuid,
    parent: Option<Uuid>,
    invite: &NewInvite,
) -> Answer<Invite> {
    send("POST", &of_parent(evening, "invites", parent), invite).await
}

pub(crate) async fn resend_invite(invite: Uuid) -> Answer<Invite> {
    read(&call("POST", &format!("invites/{invite}/resend"), None).await?)
}

pub(crate) async fn renew_invite(invite: Uuid) -> Answer<Invite> {
    read(&call("POST", &format!("invites/{invite}/renew"), None).await?)
}

pub(crate) async fn remove_invite(invite: Uuid) -> Answer<()> {
    delete(&format!("invites/{invite}")).await
}

pub(crate) async fn preview_guest_link(token: &str) -> Answer<GuestLinkPreview> {
    send("POST", "guest_links/preview", &LinkToken { token: token.to_owned() }).await
}

pub(crate) async fn decline_guest_link(token: &str) -> Answer<()> {
    let body = plain::text_of(&LinkToken { token: token.to_owned() });
    call("POST", "guest_links/decline", Some(body)).await.map(drop)
}

pub(crate) async fn renew_guest_link(link: &GuestLinkRenewal) -> Answer<()> {
    call("POST", "guest_links/renew", Some(plain::text_of(link))).await.map(drop)
}

/// The answer is the same whether or not the school has sent an invite there.
pub(crate) async fn request_guest_link(request: &NewGuestLinkRequest) -> Answer<()> {
    call("POST", "guest_links/requests", Some(plain::text_of(request))).await.map(drop)
}

pub(crate) async fn create_guest_session(token: &str) -> Answer<GuestAppointments> {
    send("POST", "guest_sessions", &LinkToken { token: token.to_owned() }).await
}

pub(crate) async fn delete_guest_sessions() -> Answer<()> {
    delete("guest_sessions").await
}

pub(crate) async fn get_guest_appointments() -> Answer<GuestAppointments> {
    get("guest/appointments").await
}

/// A guest has a door of their own.
pub(crate) async fn get_call_door(booking: Uuid, guest: bool) -> Answer<CallDoor> {
    get(&format!("{}/{booking}/call", if guest { "guest/appointments" } else { "bookings" })).await
}

/// The servers for a call, or for a look at one's devices.
pub(crate) async fn get_ice_servers(booking: Option<Uuid>) -> Answer<IceServers> {
    get(&booking.map_or_else(
        || "ice_servers".to_owned(),
        |booking| format!("ice_servers?booking_id={booking}"),
    ))
    .await
}

pub(crate) async fn list_parents(words: &str, cursor: Option<&str>) -> Answer<Page<Parent>> {
    let cursor = cursor.map(|cursor| format!("&cursor={}", escaped(cursor))).unwrap_or_default();
    get(&format!("parents?q={}{cursor}", escaped(words))).await
}

pub(crate) async fn get_parent(parent: Uuid) -> Answer<Parent> {
    get(&format!("parents/{parent}")).await
}

pub(crate) async fn allow_contact(parent: Uuid, student: Uuid) -> Answer<LinkedStudent> {
    read(&call("PUT", &format!("parents/{parent}/allowed_students/{student}"), None).await?)
}

pub(crate) async fn list_bars(student: Option<Uuid>, cursor: Option<&str>) -> Answer<Page<Bar>> {
    let mut path = "bars?limit=50".to_owned();
    if let Some(student) = student {
        path.push_str(&format!("&student_id={student}"));
    }
    if let Some(cursor) = cursor {
        path.push_str(&format!("&cursor={}", escaped(cursor)));
    }
    get(&path).await
}

pub(crate) async fn create_bar(bar: &NewBar) -> Answer<Bar> {
    send("POST", "bars", bar).await
}

pub(crate) async fn lift_bar(bar: Uuid) -> Answer<()> {
    delete(&format!("bars/{bar}")).await
}

pub(crate) async fn list_clients(cursor: Option<&str>) -> Answer<Page<ApiClient>> {
    let cursor = cursor.map(|cursor| format!("?cursor={}", escaped(cursor))).unwrap_or_default();
    get(&format!("clients{cursor}")).await
}

pub(crate) async fn create_client(client: &NewApiClient) -> Answer<IssuedApiClient> {
    send("POST", "clients", client).await
}

pub(crate) async fn change_client(client: Uuid, change: &ApiClientChange) -> Answer<ApiClient> {
    send("PATCH", &format!("clients/{client}"), change).await
}

pub(crate) async fn create_client_secret(client: Uuid) -> Answer<IssuedApiClient> {
    read(&call("POST", &format!("clients/{client}/secrets"), None).await?)
}

pub(crate) async fn revoke_client(client: Uuid) -> Answer<()> {
    delete(&format!("clients/{client}")).await
}

pub(crate) async fn list_webhooks() -> Answer<Page<Webhook>> {
    get("webhooks").await
}

pub(crate) async fn create_webhook(new: &NewWebhook) -> Answer<WebhookWithSecret> {
    send("POST", "webhooks", new).await
}

pub(crate) async fn change_webhook(webhook: Uuid, change: &WebhookChange) -> Answer<Webhook> {
    send("PATCH", &format!("webhooks/{webhook}"), change).await
}

pub(crate) async fn delete_webhook(webhook: Uuid) -> Answer<()> {
    delete(&format!("webhooks/{webhook}")).await
}

pub(crate) async fn rotate_webhook_secret(webhook: Uuid) -> Answer<WebhookWithSecret> {
    read(&call("POST", &format!("webhooks/{webhook}/secrets"), None).await?)
}

pub(crate) async fn test_webhook(webhook: Uuid) -> Answer<WebhookDelivery> {
    read(&call("POST", &format!("webhooks/{webhook}/test"), None).await?)
}

pub(crate) async fn list_webhook_deliveries(
    webhook: Uuid,
    cursor: Option<&str>,
) -> Answer<Page<WebhookDelivery>> {
    let cursor = cursor.map(|cursor| format!("?cursor={}", escaped(cursor))).unwrap_or_default();
    get(&format!("webhooks/{webhook}/deliveries{cursor}")).await
}

pub(crate) async fn replay_webhook_delivery(
    webhook: Uuid,
    delivery: Uuid,
) -> Answer<WebhookDelivery> {
    read(&call("POST", &format!("webhooks/{webhook}/deliveries/{delivery}/replay"), None).await?)
}

pub(crate) async fn list_dev_mails(cursor: Option<&str>) -> Answer<Page<DevMail>> {
    let cursor = cursor.map(|cursor| format!("?cursor={}", escaped(cursor))).unwrap_or_default();
    get(&format!("dev/mails{cursor}")).await
}

/// Where the person who was logged in begins.
pub(crate) struct DevDoor {
    pub(crate) location: String,
}

impl Read for DevDoor {
    fn read<J: plain::Json>(json: Option<&J>, sound: &mut bool) -> Self {
        let location = json.and_then(|json| json.field("location"));
        Self { location: String::read(location.as_ref(), sound) }
    }
}

pub(crate) async fn create_dev_login(kind: DevActor) -> Answer<DevDoor> {
    send("POST", "dev/logins", &DevLogin { kind }).await
}

/// Makes it a minute before the first appointment of the demo's parent.
pub(crate) async fn move_dev_clock() -> Answer<DevClock> {
    send("POST", "dev/clock", &DevClockMove { to: None }).await
}

/// The path of something of a parent's evening; staff name the parent.
fn of_parent(evening: Uuid, what: &str, parent: Option<Uuid>) -> String {
    match parent {
        Some(parent) => format!("evenings/{evening}/{what}?parent_id={parent}"),
        None => format!("evenings/{evening}/{what}"),
    }
}

fn escaped(text: &str) -> String {
    js_sys::encode_uri_component(text).into()
}

async fn get<T: Read>(path: &str) -> Answer<T> {
    read(&call("GET", path, None).await?)
}

async fn send<T: Read>(method: &str, path: &str, body: &impl Write) -> Answer<T> {
    read(&call(method, path, Some(plain::text_of(body))).await?)
}

async fn delete(path: &str) -> Answer<()> {
    call("DELETE", path, None).await.map(drop)
}

fn read<T: Read>(answer: &Js) -> Answer<T> {
    plain::read(answer).ok_or(Failure::Unreadable(200))
}

/// For how long a request may wait for its answer, in milliseconds.
const PATIENCE: u32 = 30_000;

/// One request and its whole answer. Whatever may change something carries the key of its
/// intention. Boxed, since each caller would otherwise carry a copy of it.
fn call<'a>(
    method: &'a str,
    path: &'a str,
    body: Option<String>,
) -> Pin<Box<dyn Future<Output = Answer<Js>> + 'a>> {
    Box::pin(async move {
        let intent = Intent::of(method, path, body.as_deref().unwrap_or_default());
        let answer = match fetch(
            method,
            path,
            body,
            intent.as_ref().map(|intent| intent.key.as_str()),
        )
        .await
        {
            Err(_) => Err(Failure::Offline),
            Ok((true, _, Some(answer))) => Ok(answer),
            Ok((_, status, answer)) => Err(answer
                .and_then(|answer| plain::read(&answer))
                .map_or(Failure::Unreadable(status), |problem| {
                    Failure::Refused(Box::new(problem))
                })),
        };
        if answer.as_ref().is_err_and(|failure| failure.code() == "session_changed") {
            person::changed(Change::Another);
        }
        match intent {
            Some(intent) => intent.settle(answer),
            None => answer,
        }
    })
}

/// Whether the server did it, its status, and what it says; nothing where that is no JSON.
async fn fetch(
    method: &str,
    path: &str,
    body: Option<String>,
    key: Option<&str>,
) -> Result<(bool, u16, Option<Js>), JsValue> {
    let headers = Headers::new()?;
    headers.set("accept", "application/json")?;
    if body.is_some() {
        headers.set("content-type", "application/json")?;
    }
    if let Some(key) = key {
        headers.set("idempotency-key", key)?;
    }
    if let Some(mark) = person::mark() {
        headers.set(person::HEADER, &mark)?;
    }
    let request = RequestInit::new();
    request.set_method(method);
    request.set_credentials(RequestCredentials::SameOrigin);
    request.set_headers(&headers);
    if let Some(body) = &body {
        request.set_body(&JsValue::from_str(body));
    }
    // A line that went dead without a word answers nothing for minutes. Old browsers have no such
    // signal, and wait.
    if let Some(signal) = deadline() {
        Reflect::set(&request, &"signal".into(), &signal)?;
    }
    let base = document().base_uri()?.unwrap_or_default();
    let url = web_sys::Url::new_with_base(&["api/v1/", path].concat(), &base)?.href();
    let answer: Response =
        JsFuture::from(window().fetch_with_str_and_init(&url, &request)).await?.dyn_into()?;
    let is_login = answer.ok() && method != "DELETE" && matches!(path, "sessions" | "me/identity");
    match answer.headers().get(person::HEADER)? {
        Some(mark) => person::answered(mark, is_login),
        // Logged in, and not yet chosen who one is.
        None if is_login => person::left(),
        None => {}
    }
    let text = JsFuture::from(answer.text()?).await?;
    Ok((answer.ok(), answer.status(), Js::of_answer(&text.as_string().unwrap_or_default())))
}

/// `AbortSignal.timeout(…)`.
fn deadline() -> Option<JsValue> {
    let signals = Reflect::get(&window(), &"AbortSignal".into()).ok()?;
    let timeout: Function = Reflect::get(&signals, &"timeout".into()).ok()?.dyn_into().ok()?;
    timeout.call1(&signals, &PATIENCE.into()).ok()
}
