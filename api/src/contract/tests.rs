//! Tests that the contract agrees with itself, with the domain and with its reference page.

use std::{collections::BTreeSet, fmt::Debug};

use parlour_domain::Refusal;
use parlour_wire::{
    AccessToken, ApiClient, ApiClientChange, AppointmentRecord, AttendanceRecord, Bar, Booking,
    BookingChange, BookingRecord, CallDoor, ChangePage, ChosenIdentity, ClientError, DevClock,
    DevClockMove, DevLogin, DevMail, Evening, EveningChange, EveningSettings, GuestAppointments,
    GuestLinkPreview, GuestLinkRenewal, HistoryEntry, IceServers, Invite, InviteRecord, Invites,
    IssuedApiClient, JsonWebKeys, Lateness, LinkToken, LinkedStudent, LoginLink, LoginLinkPreview,
    Me, MyBookings, NewApiClient, NewBar, NewBookings, NewEvening, NewGuestLinkRequest, NewInvite,
    NewLoginLink, NewSession, NewWebhook, Page, Parent, Problem, RosterClass, RosterEnrolment,
    RosterGuardianship, RosterImport, RosterPerson, RosterPush, RosterRestore, RosterRestored,
    RosterResults, Schedule, School, SchoolChange, SlotGrid, TokenRefusal, Webhook, WebhookChange,
    WebhookDelivery, WebhookWithSecret,
    minimal_json::{self, JsonValue},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_norway::Value;

use super::{
    document::{Document, Operation, entries, get, items, text},
    page, yaml,
};

fn contract() -> Document {
    Document::parse(yaml())
}

fn enum_of_codes(document: &Document) -> BTreeSet<&str> {
    items(document.at(&["components", "schemas", "Problem", "properties", "code", "enum"]))
        .filter_map(Value::as_str)
        .collect()
}

#[test]
fn every_operation_is_on_the_page() {
    let document = contract();
    assert!(document.operations().count() > 30);
    for operation in document.operations() {
        let id = text(operation.body, "operationId");
        assert!(page().contains(&format!("<article id=\"{id}\"")), "{id} has no place on the page");
        assert!(page().contains(&format!("<a href=\"#{id}\">")), "no link leads to {id}");
    }
}

#[test]
fn every_operation_documents_its_allowed_roles() {
    for operation in contract().operations() {
        let description = text(operation.body, "description");
        assert!(description.starts_with("**Who:** "), "{} {}", operation.method, operation.path);
    }
    assert_eq!(page().matches("class=\"who\"").count(), contract().operations().count());
}

#[test]
fn introduction_lists_every_operation_with_idempotency_key() {
    let document = contract();
    let takes_key = |operation: &Operation<'_>| {
        document
            .parameters(*operation)
            .any(|parameter| text(parameter, "name") == "Idempotency-Key")
    };
    let expected: BTreeSet<String> = document
        .operations()
        .filter(takes_key)
        .map(|operation| format!("POST {}", operation.path))
        .collect();
    let introduction = text(document.at(&["info"]), "description");
    let listed = introduction
        .lines()
        .find(|line| line.contains("honour an `Idempotency-Key`"))
        .unwrap_or_default();
    let listed: BTreeSet<String> =
        listed.split('`').filter(|part| part.starts_with("POST ")).map(str::to_owned).collect();
    assert_eq!(listed, expected);
}

/// Codes that no operation of the contract returns: `method_not_allowed` belongs to methods outside
/// the contract, and `cannot_extend` is sent in a message of a call.
const NO_ANSWERS: [&str; 2] = ["method_not_allowed", "cannot_extend"];

#[test]
fn every_error_code_is_documented_once_with_an_example() {
    let document = contract();
    assert!(enum_of_codes(&document).len() > 50);
    for code in enum_of_codes(&document) {
        assert_eq!(page().matches(&format!("id=\"{code}\"")).count(), 1, "{code} on the page");
        if NO_ANSWERS.contains(&code) {
            continue;
        }
        let problem = document.at(&["components", "examples", code, "value"]);
        assert_eq!(text(problem, "code"), code);
        assert_eq!(text(problem, "type"), format!("/api/docs#{code}"));
    }
}

#[test]
fn every_error_response_lists_known_codes() {
    let document = contract();
    let codes = enum_of_codes(&document);
    for operation in document.operations() {
        for (status, response) in
            entries(get(operation.body, "responses")).filter(|(status, _)| *status >= "400")
        {
            let contents = get(document.follow(response), "content");
            if !get(contents, "application/json").is_null()
                && text(operation.body, "operationId") == "issue_token"
            {
                continue; // These errors have the form of RFC 6749, not that of a problem.
            }
            let content = get(contents, "application/problem+json");
            let named: Vec<_> = entries(get(content, "examples")).map(|(code, _)| code).collect();
            let place = format!("{status} of {}", text(operation.body, "operationId"));
            assert!(!named.is_empty(), "{place} has no code");
            for code in named {
                assert!(codes.contains(code), "{code} in {place}");
                assert_eq!(
                    get(document.at(&["components", "examples", code, "value"]), "status").as_u64(),
                    status.parse().ok(),
                    "{code} in {place}"
                );
            }
        }
    }
}

/// Every refusal of the domain. The exhaustive match makes the compiler report a new one that is
/// missing here.
fn refusals() -> Vec<Refusal> {
    use Refusal::*;
    let next = |refusal: &Refusal| {
        Some(match refusal {
            EmailInvalid => NameInvalid,
            NameInvalid => ConsentMissing,
            ConsentMissing => ConsentRecordMissing,
            ConsentRecordMissing => NoStudentChosen,
            NoStudentChosen => StudentNotInvolved,
            StudentNotInvolved => InviteExists,
            InviteExists => NoVideoAppointment,
            NoVideoAppointment => NoAppointment,
            NoAppointment => InviteLimit,
            InviteLimit => ResendTooSoon,
            ResendTooSoon => ImportTooOld,
            ImportTooOld => ResendLimit,
            ResendLimit => AskTheSchool,
            AskTheSchool => AddressSuppressed,
            AddressSuppressed => OwnAddress,
            OwnAddress => EveningOver,
            EveningOver => BookingNotOpen,
            BookingNotOpen => BookingClosed,
            BookingClosed => NotASlot,
            NotASlot => SlotTaken,
            SlotTaken => PersonBusy,
            PersonBusy => AlreadyBooked,
            AlreadyBooked => BookingCancelled,
            BookingCancelled => BookingBegan,
            BookingBegan => ClassNotOffered,
            ClassNotOffered => NothingChosen,
            NothingChosen => ContactBarred,
            ContactBarred => AccessEnded,
            AccessEnded => NotAVideoCall,
            NotAVideoCall => CallEarly,
            CallEarly => CallOver,
            CallOver => CannotExtend,
            CannotExtend => WebhookUrlRefused,
            WebhookUrlRefused => WebhookLimit,
            WebhookLimit => WebhookOff,
            WebhookOff => EveningNameTaken,
            EveningNameTaken => EveningNotPublished,
            EveningNotPublished => EveningPublished,
            EveningPublished => NoClassTakesPart,
            NoClassTakesPart => BookingsRestOnIt,
            BookingsRestOnIt => return None,
        })
    };
    std::iter::successors(Some(EmailInvalid), next).collect()
}

#[test]
fn contract_documents_every_domain_refusal() {
    let document = contract();
    for refusal in refusals().into_iter().filter(|refusal| !NO_ANSWERS.contains(&refusal.code())) {
        let problem = document.at(&["components", "examples", refusal.code(), "value"]);
        assert_eq!(text(problem, "detail"), refusal.to_string(), "{}", refusal.code());
        let field = items(get(problem, "errors")).map(|error| text(error, "field")).next();
        assert_eq!(field, refusal.field(), "{}", refusal.code());
    }
}

#[test]
fn every_ref_resolves() {
    fn check(document: &Document, value: &Value) {
        if !text(value, "$ref").is_empty() {
            assert!(!document.follow(value).is_null(), "{}", text(value, "$ref"));
        }
        entries(value).for_each(|(_, member)| check(document, member));
        items(value).for_each(|member| check(document, member));
    }
    let document = contract();
    check(&document, document.at(&[]));
}

#[test]
fn anchors_are_unique_and_links_resolve() {
    let found = |before: &str| -> Vec<&str> {
        page().split(before).skip(1).filter_map(|rest| rest.split('"').next()).collect()
    };
    let ids = found(" id=\"");
    let unique: BTreeSet<_> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len(), "an anchor occurs twice");
    let links = found("href=\"#");
    assert!(links.len() > 30, "{links:?}");
    for link in links {
        assert!(unique.contains(link), "#{link} leads nowhere");
    }
}

#[test]
fn page_has_no_scripts_and_no_external_resources() {
    for unwanted in
        ["<script", "src=", "url(", "@import", "href=\"http", "href=\"//", " style=\"", " on"]
    {
        let in_markup = page()
            .split('<')
            .any(|tag| format!("<{}", tag.split('>').next().unwrap_or("")).contains(unwanted));
        assert!(!in_markup, "{unwanted}");
    }
    assert!(!page().contains("url(") && !page().contains("@import"));
}

/// A `serde_json` value behind the trait by which the web app reads JSON.
struct Plain(serde_json::Value);

impl JsonValue for Plain {
    fn field(&self, name: &str) -> Option<Self> {
        self.0.get(name).filter(|value| !value.is_null()).cloned().map(Self)
    }

    fn items(&self) -> Option<Vec<Self>> {
        Some(self.0.as_array()?.iter().cloned().map(Self).collect())
    }

    fn text(&self) -> Option<String> {
        self.0.as_str().map(str::to_owned)
    }

    fn number(&self) -> Option<f64> {
        self.0.as_f64()
    }

    fn boolean(&self) -> Option<bool> {
        self.0.as_bool()
    }
}

/// Checks that an example survives a round trip through the wire type unchanged, and returns both
/// forms.
fn check_wire<T: DeserializeOwned + Serialize>(
    schema: &str,
    example: &Value,
) -> (T, serde_json::Value) {
    let json = serde_json::to_value(example).unwrap();
    let read: T = serde_json::from_value(json.clone())
        .unwrap_or_else(|error| panic!("{schema}: {error} in {json}"));
    let mut again = serde_json::to_value(&read).unwrap();
    // A request may omit fields that have a default.
    if let (Some(again), Some(json)) = (again.as_object_mut(), json.as_object()) {
        again.retain(|field, _| json.contains_key(field) || !schema.starts_with("New"));
    }
    assert_eq!(again, json, "{schema}");
    (read, json)
}

/// Checks a response type, which the web app reads without serde: with any one field removed,
/// `minimal_json` and serde must return the same result.
fn check_answer<T: DeserializeOwned + Serialize + minimal_json::FromJson + PartialEq + Debug>(
    schema: &str,
    example: &Value,
) -> bool {
    let (read, json) = check_wire::<T>(schema, example);
    assert_eq!(minimal_json::from_value(&Plain(json.clone())), Some(read), "{schema}");
    for (field, value) in json.as_object().into_iter().flatten() {
        let mut less = json.clone();
        less.as_object_mut().unwrap().remove(field);
        if !value.is_array() {
            assert_eq!(
                minimal_json::from_value::<T>(&Plain(less.clone())),
                serde_json::from_value(less).ok(),
                "{schema} without {field}"
            );
        }
    }
    true
}

/// Checks a request type, which the web app writes without serde.
fn check_request<T: DeserializeOwned + Serialize + minimal_json::ToJson>(
    schema: &str,
    example: &Value,
) -> bool {
    let (read, _) = check_wire::<T>(schema, example);
    let written: serde_json::Value = serde_json::from_str(&minimal_json::to_string(&read)).unwrap();
    assert_eq!(written, serde_json::to_value(&read).unwrap(), "{schema}");
    true
}

fn known_to_the_wire(schema: &str, example: &Value) -> bool {
    match schema {
        "School" => check_answer::<School>(schema, example),
        "NewLoginLink" => check_request::<NewLoginLink>(schema, example),
        "NewGuestLinkRequest" => check_request::<NewGuestLinkRequest>(schema, example),
        "LoginLink" => check_answer::<LoginLink>(schema, example),
        "LinkToken" => check_request::<LinkToken>(schema, example),
        "LoginLinkPreview" => check_answer::<LoginLinkPreview>(schema, example),
        "NewSession" => check_request::<NewSession>(schema, example),
        "Me" => check_answer::<Me>(schema, example),
        "ChosenIdentity" => check_request::<ChosenIdentity>(schema, example),
        "Evening" => check_answer::<Evening>(schema, example),
        "EveningPage" => check_answer::<Page<Evening>>(schema, example),
        "SlotGrid" => check_answer::<SlotGrid>(schema, example),
        "AppointmentRecord" => {
            check_answer::<AppointmentRecord>(schema, example)
                && check_request::<AppointmentRecord>(schema, example)
        }
        "Lateness" => {
            check_answer::<Lateness>(schema, example) && check_request::<Lateness>(schema, example)
        }
        "Schedule" => check_answer::<Schedule>(schema, example),
        "NewBookings" => check_request::<NewBookings>(schema, example),
        "BookingChange" => check_request::<BookingChange>(schema, example),
        "Booking" => check_answer::<Booking>(schema, example),
        "BookingPage" => check_answer::<Page<Booking>>(schema, example),
        "CallDoor" => check_answer::<CallDoor>(schema, example),
        "IceServers" => check_answer::<IceServers>(schema, example),
        "MyBookings" => check_answer::<MyBookings>(schema, example),
        "HistoryPage" => check_answer::<Page<HistoryEntry>>(schema, example),
        "NewInvite" => check_request::<NewInvite>(schema, example),
        "Invite" => check_answer::<Invite>(schema, example),
        "Invites" => check_answer::<Invites>(schema, example),
        "GuestLinkPreview" => check_answer::<GuestLinkPreview>(schema, example),
        "GuestAppointments" => check_answer::<GuestAppointments>(schema, example),
        "LinkedStudent" => check_answer::<LinkedStudent>(schema, example),
        "Parent" => check_answer::<Parent>(schema, example),
        "ParentPage" => check_answer::<Page<Parent>>(schema, example),
        "NewBar" => check_request::<NewBar>(schema, example),
        "Bar" => check_answer::<Bar>(schema, example),
        "BarPage" => check_answer::<Page<Bar>>(schema, example),
        "ApiClient" => check_answer::<ApiClient>(schema, example),
        "ApiClientPage" => check_answer::<Page<ApiClient>>(schema, example),
        "IssuedApiClient" => check_answer::<IssuedApiClient>(schema, example),
        "NewApiClient" => check_request::<NewApiClient>(schema, example),
        "ApiClientChange" => check_request::<ApiClientChange>(schema, example),
        // The web app reads none of these types; they are for API clients.
        "NewEvening" => check_wire::<NewEvening>(schema, example).1.is_object(),
        "EveningChange" => check_wire::<EveningChange>(schema, example).1.is_object(),
        "EveningSettings" => check_wire::<EveningSettings>(schema, example).1.is_object(),
        "BookingRecordPage" => check_wire::<Page<BookingRecord>>(schema, example).1.is_object(),
        "InviteRecordPage" => check_wire::<Page<InviteRecord>>(schema, example).1.is_object(),
        "AttendancePage" => check_wire::<Page<AttendanceRecord>>(schema, example).1.is_object(),
        "ChangePage" => check_wire::<ChangePage>(schema, example).1.is_object(),
        "PeoplePush" => check_wire::<RosterPush<RosterPerson>>(schema, example).1.is_object(),
        "ClassesPush" => check_wire::<RosterPush<RosterClass>>(schema, example).1.is_object(),
        "EnrolmentsPush" => {
            check_wire::<RosterPush<RosterEnrolment>>(schema, example).1.is_object()
        }
        "GuardianshipsPush" => {
            check_wire::<RosterPush<RosterGuardianship>>(schema, example).1.is_object()
        }
        "RosterResults" => check_wire::<RosterResults>(schema, example).1.is_object(),
        "RosterImportPage" => check_wire::<Page<RosterImport>>(schema, example).1.is_object(),
        "RosterRestore" => check_wire::<RosterRestore>(schema, example).1.is_object(),
        "RosterRestored" => check_wire::<RosterRestored>(schema, example).1.is_object(),
        "ClientError" => check_wire::<ClientError>(schema, example).1.is_object(),
        "SchoolChange" => check_request::<SchoolChange>(schema, example),
        "GuestLinkRenewal" => check_request::<GuestLinkRenewal>(schema, example),
        "AccessToken" => check_wire::<AccessToken>(schema, example).1.is_object(),
        "TokenRefusal" => check_wire::<TokenRefusal>(schema, example).1.is_object(),
        "JsonWebKeys" => check_wire::<JsonWebKeys>(schema, example).1.is_object(),
        "NewWebhook" => check_request::<NewWebhook>(schema, example),
        "WebhookChange" => check_request::<WebhookChange>(schema, example),
        "Webhook" => check_answer::<Webhook>(schema, example),
        "WebhookPage" => check_answer::<Page<Webhook>>(schema, example),
        "WebhookWithSecret" => check_answer::<WebhookWithSecret>(schema, example),
        "WebhookDelivery" => check_answer::<WebhookDelivery>(schema, example),
        "WebhookDeliveryPage" => check_answer::<Page<WebhookDelivery>>(schema, example),
        "DevMailPage" => check_answer::<Page<DevMail>>(schema, example),
        "DevClock" => check_answer::<DevClock>(schema, example),
        "DevClockMove" => check_request::<DevClockMove>(schema, example),
        "DevLogin" => check_request::<DevLogin>(schema, example),
        "Problem" => check_answer::<Problem>(schema, example),
        _ => false,
    }
}

#[test]
fn every_example_round_trips_through_wire_types() {
    let document = contract();
    let mut unknown = BTreeSet::new();
    for operation in document.operations() {
        let responses = entries(get(operation.body, "responses"))
            .map(|(_, response)| document.follow(response));
        for body in std::iter::once(get(operation.body, "requestBody")).chain(responses) {
            for (media_type, content) in
                entries(get(body, "content")).filter(|(media_type, _)| media_type.ends_with("json"))
            {
                let schema = text(get(content, "schema"), "$ref").rsplit('/').next().unwrap_or("");
                let schema =
                    if media_type == "application/problem+json" { "Problem" } else { schema };
                for (_, example) in entries(get(content, "examples")) {
                    let value = get(document.follow(example), "value");
                    if !known_to_the_wire(schema, value) {
                        unknown.insert(schema);
                    }
                }
            }
        }
    }
    // No wire type exists for these two responses: only this server produces them.
    assert_eq!(unknown, BTreeSet::from(["DevLoggedIn", "Status"]));
}
