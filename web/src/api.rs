//! Client of `/api/v1`: one function per operation, named as in the contract. It knows no page.

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
    minimal_json::{self, FromJson, ToJson},
};
use uuid::Uuid;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, RequestCredentials, RequestInit, Response};

use crate::{
    idempotency::IdempotentRequest,
    js::Js,
    person::{self, SessionChange},
    texts,
};

/// The reason why a request brought no usable answer.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Failure {
    /// The server could not be reached.
    Offline,
    /// A chunk of the web app could not be fetched although the server answers, most likely because
    /// the server has a newer build.
    ChunkMissing,
    /// The server refused the request and gives the reason.
    Refused(Box<Problem>),
    /// The answer with this status does not follow the contract.
    Unreadable(u16),
}

impl Failure {
    /// Returns the code of a refusal; empty for other failures.
    pub(crate) fn code(&self) -> &str {
        match self {
            Self::Refused(problem) => &problem.code,
            Self::Offline | Self::ChunkMissing | Self::Unreadable(_) => "",
        }
    }

    /// Returns whether the failure's text tells the reader to contact the school.
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

    /// Returns the error text of one field of the request, if the refusal concerns that field.
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
            Self::ChunkMissing => texts::t().part_missing,
            Self::Refused(problem) => texts::error(&problem.code).unwrap_or(&problem.detail),
            Self::Unreadable(_) => texts::t().unreadable,
        })
    }
}

impl std::error::Error for Failure {}

/// The result of an operation.
pub(crate) type ApiResult<T> = Result<T, Failure>;

pub(crate) async fn get_school() -> ApiResult<School> {
    get("school").await
}

/// Changes the school's contact details.
pub(crate) async fn change_school(change: &SchoolChange) -> ApiResult<School> {
    send("PATCH", "school", change).await
}

pub(crate) async fn get_me() -> ApiResult<Me> {
    get("me").await
}

pub(crate) async fn choose_identity(chosen: &ChosenIdentity) -> ApiResult<Me> {
    send("PUT", "me/identity", chosen).await
}

pub(crate) async fn create_login_link(link: &NewLoginLink) -> ApiResult<LoginLink> {
    send("POST", "login_links", link).await
}

pub(crate) async fn preview_login_link(token: &str) -> ApiResult<LoginLinkPreview> {
    send("POST", "login_links/preview", &LinkToken { token: token.to_owned() }).await
}

pub(crate) async fn create_session(session: &NewSession) -> ApiResult<Me> {
    send("POST", "sessions", session).await
}

pub(crate) async fn delete_session() -> ApiResult<()> {
    delete("sessions/current").await
}

pub(crate) async fn delete_sessions() -> ApiResult<()> {
    delete("sessions").await
}

pub(crate) async fn list_evenings() -> ApiResult<Page<Evening>> {
    get("evenings?limit=100").await
}

pub(crate) async fn get_slots(evening: Uuid, parent: Option<Uuid>) -> ApiResult<SlotGrid> {
    get(&evening_path(evening, "slots", parent)).await
}

pub(crate) async fn get_bookings(evening: Uuid, parent: Option<Uuid>) -> ApiResult<MyBookings> {
    get(&evening_path(evening, "bookings", parent)).await
}

pub(crate) async fn create_bookings(
    evening: Uuid,
    parent: Option<Uuid>,
    bookings: &NewBookings,
) -> ApiResult<Page<Booking>> {
    send("POST", &evening_path(evening, "bookings", parent), bookings).await
}

/// Returns the URL of the calendar file, for a link.
pub(crate) fn calendar_href(evening: Uuid, parent: Option<Uuid>) -> String {
    format!("api/v1/{}", evening_path(evening, "calendar", parent))
}

pub(crate) async fn get_history(
    evening: Uuid,
    parent: Option<Uuid>,
    cursor: Option<&str>,
) -> ApiResult<Page<HistoryEntry>> {
    let mut path = evening_path(evening, "history", parent);
    if let Some(cursor) = cursor {
        let joint = if parent.is_some() { '&' } else { '?' };
        path.push(joint);
        path.push_str("cursor=");
        path.push_str(&url_encoded(cursor));
    }
    get(&path).await
}

pub(crate) async fn get_schedule(evening: Uuid) -> ApiResult<Schedule> {
    get(&evening_path(evening, "schedule", None)).await
}

pub(crate) async fn set_lateness(evening: Uuid, minutes: u32) -> ApiResult<Lateness> {
    send("PUT", &format!("evenings/{evening}/lateness"), &Lateness { minutes }).await
}

pub(crate) async fn set_record(
    booking: Uuid,
    record: &AppointmentRecord,
) -> ApiResult<AppointmentRecord> {
    send("PUT", &format!("bookings/{booking}/record"), record).await
}

pub(crate) async fn change_booking(booking: Uuid, change: &BookingChange) -> ApiResult<Booking> {
    send("PATCH", &format!("bookings/{booking}"), change).await
}

pub(crate) async fn cancel_booking(booking: Uuid) -> ApiResult<()> {
    delete(&format!("bookings/{booking}")).await
}

pub(crate) async fn get_invites(evening: Uuid, parent: Option<Uuid>) -> ApiResult<Invites> {
    get(&evening_path(evening, "invites", parent)).await
}

pub(crate) async fn send_invite(
    evening: Uuid,
    parent: Option<Uuid>,
    invite: &NewInvite,
) -> ApiResult<Invite> {
    send("POST", &evening_path(evening, "invites", parent), invite).await
}

pub(crate) async fn resend_invite(invite: Uuid) -> ApiResult<Invite> {
    read(&call("POST", &format!("invites/{invite}/resend"), None).await?)
}

pub(crate) async fn renew_invite(invite: Uuid) -> ApiResult<Invite> {
    read(&call("POST", &format!("invites/{invite}/renew"), None).await?)
}

pub(crate) async fn remove_invite(invite: Uuid) -> ApiResult<()> {
    delete(&format!("invites/{invite}")).await
}

pub(crate) async fn preview_guest_link(token: &str) -> ApiResult<GuestLinkPreview> {
    send("POST", "guest_links/preview", &LinkToken { token: token.to_owned() }).await
}

pub(crate) async fn decline_guest_link(token: &str) -> ApiResult<()> {
    let body = minimal_json::to_string(&LinkToken { token: token.to_owned() });
    call("POST", "guest_links/decline", Some(body)).await.map(drop)
}

pub(crate) async fn renew_guest_link(link: &GuestLinkRenewal) -> ApiResult<()> {
    call("POST", "guest_links/renew", Some(minimal_json::to_string(link))).await.map(drop)
}

/// The answer is the same whether or not the school has sent an invite to the address.
pub(crate) async fn request_guest_link(request: &NewGuestLinkRequest) -> ApiResult<()> {
    call("POST", "guest_links/requests", Some(minimal_json::to_string(request))).await.map(drop)
}

pub(crate) async fn create_guest_session(token: &str) -> ApiResult<GuestAppointments> {
    send("POST", "guest_sessions", &LinkToken { token: token.to_owned() }).await
}

pub(crate) async fn delete_guest_sessions() -> ApiResult<()> {
    delete("guest_sessions").await
}

pub(crate) async fn get_guest_appointments() -> ApiResult<GuestAppointments> {
    get("guest/appointments").await
}

/// Guests have a call door of their own.
pub(crate) async fn get_call_door(booking: Uuid, guest: bool) -> ApiResult<CallDoor> {
    get(&format!("{}/{booking}/call", if guest { "guest/appointments" } else { "bookings" })).await
}

/// Returns the ICE servers for a call, or for the device check if `booking` is `None`.
pub(crate) async fn get_ice_servers(booking: Option<Uuid>) -> ApiResult<IceServers> {
    get(&booking.map_or_else(
        || "ice_servers".to_owned(),
        |booking| format!("ice_servers?booking_id={booking}"),
    ))
    .await
}

pub(crate) async fn list_parents(words: &str, cursor: Option<&str>) -> ApiResult<Page<Parent>> {
    let cursor =
        cursor.map(|cursor| format!("&cursor={}", url_encoded(cursor))).unwrap_or_default();
    get(&format!("parents?q={}{cursor}", url_encoded(words))).await
}

pub(crate) async fn get_parent(parent: Uuid) -> ApiResult<Parent> {
    get(&format!("parents/{parent}")).await
}

pub(crate) async fn allow_contact(parent: Uuid, student: Uuid) -> ApiResult<LinkedStudent> {
    read(&call("PUT", &format!("parents/{parent}/allowed_students/{student}"), None).await?)
}

pub(crate) async fn list_bars(student: Option<Uuid>, cursor: Option<&str>) -> ApiResult<Page<Bar>> {
    let mut path = "bars?limit=50".to_owned();
    if let Some(student) = student {
        path.push_str(&format!("&student_id={student}"));
    }
    if let Some(cursor) = cursor {
        path.push_str(&format!("&cursor={}", url_encoded(cursor)));
    }
    get(&path).await
}

pub(crate) async fn create_bar(bar: &NewBar) -> ApiResult<Bar> {
    send("POST", "bars", bar).await
}

pub(crate) async fn lift_bar(bar: Uuid) -> ApiResult<()> {
    delete(&format!("bars/{bar}")).await
}

pub(crate) async fn list_clients(cursor: Option<&str>) -> ApiResult<Page<ApiClient>> {
    let cursor =
        cursor.map(|cursor| format!("?cursor={}", url_encoded(cursor))).unwrap_or_default();
    get(&format!("clients{cursor}")).await
}

pub(crate) async fn create_client(client: &NewApiClient) -> ApiResult<IssuedApiClient> {
    send("POST", "clients", client).await
}

pub(crate) async fn change_client(client: Uuid, change: &ApiClientChange) -> ApiResult<ApiClient> {
    send("PATCH", &format!("clients/{client}"), change).await
}

pub(crate) async fn create_client_secret(client: Uuid) -> ApiResult<IssuedApiClient> {
    read(&call("POST", &format!("clients/{client}/secrets"), None).await?)
}

pub(crate) async fn revoke_client(client: Uuid) -> ApiResult<()> {
    delete(&format!("clients/{client}")).await
}

pub(crate) async fn list_webhooks() -> ApiResult<Page<Webhook>> {
    get("webhooks").await
}

pub(crate) async fn create_webhook(new: &NewWebhook) -> ApiResult<WebhookWithSecret> {
    send("POST", "webhooks", new).await
}

pub(crate) async fn change_webhook(webhook: Uuid, change: &WebhookChange) -> ApiResult<Webhook> {
    send("PATCH", &format!("webhooks/{webhook}"), change).await
}

pub(crate) async fn delete_webhook(webhook: Uuid) -> ApiResult<()> {
    delete(&format!("webhooks/{webhook}")).await
}

pub(crate) async fn rotate_webhook_secret(webhook: Uuid) -> ApiResult<WebhookWithSecret> {
    read(&call("POST", &format!("webhooks/{webhook}/secrets"), None).await?)
}

pub(crate) async fn test_webhook(webhook: Uuid) -> ApiResult<WebhookDelivery> {
    read(&call("POST", &format!("webhooks/{webhook}/test"), None).await?)
}

pub(crate) async fn list_webhook_deliveries(
    webhook: Uuid,
    cursor: Option<&str>,
) -> ApiResult<Page<WebhookDelivery>> {
    let cursor =
        cursor.map(|cursor| format!("?cursor={}", url_encoded(cursor))).unwrap_or_default();
    get(&format!("webhooks/{webhook}/deliveries{cursor}")).await
}

pub(crate) async fn replay_webhook_delivery(
    webhook: Uuid,
    delivery: Uuid,
) -> ApiResult<WebhookDelivery> {
    read(&call("POST", &format!("webhooks/{webhook}/deliveries/{delivery}/replay"), None).await?)
}

pub(crate) async fn list_dev_mails(cursor: Option<&str>) -> ApiResult<Page<DevMail>> {
    let cursor =
        cursor.map(|cursor| format!("?cursor={}", url_encoded(cursor))).unwrap_or_default();
    get(&format!("dev/mails{cursor}")).await
}

/// The page on which a one-click login starts.
pub(crate) struct DevLoginLocation {
    pub(crate) location: String,
}

impl FromJson for DevLoginLocation {
    fn read<J: minimal_json::JsonValue>(json: Option<&J>, valid: &mut bool) -> Self {
        let location = json.and_then(|json| json.field("location"));
        Self { location: String::read(location.as_ref(), valid) }
    }
}

pub(crate) async fn create_dev_login(kind: DevActor) -> ApiResult<DevLoginLocation> {
    send("POST", "dev/logins", &DevLogin { kind }).await
}

/// Moves the demo's clock to a minute before the first appointment of the demo's parent.
pub(crate) async fn move_dev_clock() -> ApiResult<DevClock> {
    send("POST", "dev/clock", &DevClockMove { to: None }).await
}

/// Returns the path of a resource of a parent's evening; staff name the parent in the query.
fn evening_path(evening: Uuid, what: &str, parent: Option<Uuid>) -> String {
    match parent {
        Some(parent) => format!("evenings/{evening}/{what}?parent_id={parent}"),
        None => format!("evenings/{evening}/{what}"),
    }
}

fn url_encoded(text: &str) -> String {
    js_sys::encode_uri_component(text).into()
}

async fn get<T: FromJson>(path: &str) -> ApiResult<T> {
    read(&call("GET", path, None).await?)
}

async fn send<T: FromJson>(method: &str, path: &str, body: &impl ToJson) -> ApiResult<T> {
    read(&call(method, path, Some(minimal_json::to_string(body))).await?)
}

async fn delete(path: &str) -> ApiResult<()> {
    call("DELETE", path, None).await.map(drop)
}

fn read<T: FromJson>(answer: &Js) -> ApiResult<T> {
    minimal_json::from_value(answer).ok_or(Failure::Unreadable(200))
}

/// The timeout of a request, in milliseconds.
const REQUEST_TIMEOUT_MS: u32 = 30_000;

/// Sends one request and reads the whole answer. A request that may change something carries an
/// idempotency key. The future is boxed, since each caller would otherwise contain a copy of this
/// code.
fn call<'a>(
    method: &'a str,
    path: &'a str,
    body: Option<String>,
) -> Pin<Box<dyn Future<Output = ApiResult<Js>> + 'a>> {
    Box::pin(async move {
        let request = IdempotentRequest::of(method, path, body.as_deref().unwrap_or_default());
        let answer =
            match fetch(method, path, body, request.as_ref().map(|request| request.key.as_str()))
                .await
            {
                Err(_) => Err(Failure::Offline),
                Ok((true, _, Some(answer))) => Ok(answer),
                Ok((_, status, answer)) => Err(answer
                    .and_then(|answer| minimal_json::from_value(&answer))
                    .map_or(Failure::Unreadable(status), |problem| {
                        Failure::Refused(Box::new(problem))
                    })),
            };
        if answer.as_ref().is_err_and(|failure| failure.code() == "session_changed") {
            person::on_person_changed(SessionChange::OtherPerson);
        }
        match request {
            Some(request) => request.settle(answer),
            None => answer,
        }
    })
}

/// Returns whether the request succeeded, its status and its body; the body is `None` if it is no
/// JSON.
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
    // A dead connection would leave the request without an answer for minutes. Old browsers have no
    // `AbortSignal.timeout` and wait.
    if let Some(signal) = timeout_signal() {
        Reflect::set(&request, &"signal".into(), &signal)?;
    }
    let base = document().base_uri()?.unwrap_or_default();
    let url = web_sys::Url::new_with_base(&["api/v1/", path].concat(), &base)?.href();
    let answer: Response =
        JsFuture::from(window().fetch_with_str_and_init(&url, &request)).await?.dyn_into()?;
    let is_login = answer.ok() && method != "DELETE" && matches!(path, "sessions" | "me/identity");
    match answer.headers().get(person::HEADER)? {
        Some(mark) => person::record_response(mark, is_login),
        // The login succeeded, and no identity is chosen yet.
        None if is_login => person::clear(),
        None => {}
    }
    let text = JsFuture::from(answer.text()?).await?;
    Ok((answer.ok(), answer.status(), Js::parse_response(&text.as_string().unwrap_or_default())))
}

/// Calls `AbortSignal.timeout(…)`; `None` in browsers without it.
fn timeout_signal() -> Option<JsValue> {
    let signals = Reflect::get(&window(), &"AbortSignal".into()).ok()?;
    let timeout: Function = Reflect::get(&signals, &"timeout".into()).ok()?.dyn_into().ok()?;
    timeout.call1(&signals, &REQUEST_TIMEOUT_MS.into()).ok()
}
