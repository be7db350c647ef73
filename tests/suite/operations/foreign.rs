//! Tests of every operation with this school's ids, as staff and as an API client of another school
//! on the same server: the operations find nothing and change nothing.

use std::collections::BTreeMap;

use parlour_domain::scope::Scope;
use serde_json::{Value, json};

use super::{SampleIds, ask, path, sample_ids, send};
use crate::harness::{Actor, ApiClientActor, School, contract};

/// The status for staff of another school at their own school's address.
fn to_foreign_staff(id: &str) -> u16 {
    match id {
        // Resources of their own school.
        "get_me"
        | "list_evenings"
        | "list_bookings"
        | "list_attendance"
        | "list_changes"
        | "list_invites"
        | "list_parents"
        | "list_bars"
        | "list_clients"
        | "list_webhooks"
        | "list_roster_imports"
        | "get_ice_servers"
        | "change_school"
        | "put_people"
        | "put_classes"
        | "put_enrolments"
        | "put_guardianships" => 200,
        "create_evening" | "create_client" | "create_webhook" => 201,
        "delete_session" | "delete_sessions" => 204,
        // Resources of this school.
        "get_evening"
        | "change_evening"
        | "delete_evening"
        | "get_evening_settings"
        | "publish_evening"
        | "close_evening"
        | "get_slots"
        | "get_bookings"
        | "create_bookings"
        | "get_calendar"
        | "get_history"
        | "get_invites"
        | "send_invite"
        | "get_booking"
        | "change_booking"
        | "cancel_booking"
        | "get_invite"
        | "remove_invite"
        | "resend_invite"
        | "renew_invite"
        | "choose_identity"
        | "get_parent"
        | "allow_contact"
        | "create_bar"
        | "lift_bar"
        | "get_client"
        | "change_client"
        | "revoke_client"
        | "create_client_secret"
        | "get_webhook"
        | "change_webhook"
        | "delete_webhook"
        | "rotate_webhook_secret"
        | "test_webhook"
        | "list_webhook_deliveries"
        | "replay_webhook_delivery"
        | "restore_roster_import" => 404,
        // Operations for teachers and for participants of a call.
        "get_schedule" | "set_lateness" | "set_record" | "get_call" | "open_call_socket" => 403,
        "open_check_socket" => 426,
        "get_guest_appointments"
        | "delete_guest_sessions"
        | "get_guest_call"
        | "open_guest_call_socket" => 401,
        other => panic!("{other}: the status for another school's staff is missing in this test"),
    }
}

/// The status for an API client of another school with all scopes, at its own school's address, for
/// an operation that takes API clients.
fn to_foreign_client(id: &str) -> u16 {
    match id {
        "list_evenings" | "list_bookings" | "list_attendance" | "list_changes" | "list_invites"
        | "put_people" | "put_classes" | "put_enrolments" | "put_guardianships" => 200,
        "create_evening" => 201,
        "get_evening"
        | "change_evening"
        | "delete_evening"
        | "get_evening_settings"
        | "publish_evening"
        | "close_evening" => 404,
        other => panic!("{other}: the status for another school's client is missing in this test"),
    }
}

/// The path of an operation, with the parent if staff perform it on behalf of a parent.
fn path_of_staff(operation: &contract::Operation, sample_ids: &SampleIds) -> String {
    let path = path(operation, sample_ids);
    let is_for_a_parent = operation.path.contains("{evening_id}")
        && operation.text_locations().iter().any(
            |place| matches!(place, contract::TextLocation::Query(name) if name == "parent_id"),
        );
    if is_for_a_parent { format!("{path}?parent_id={}", sample_ids.parent) } else { path }
}

/// The ids of the demo, with newly made resources of the kinds that it lacks.
async fn all_sample_ids(school: &School) -> SampleIds {
    let staff = school.staff().await;
    let mut sample_ids = sample_ids(school).await;
    let client = json!({ "name": "MIS", "scopes": ["evenings:read"] });
    sample_ids.client = staff.post("/clients", client).await.is(201).text_at("/client/id");
    let bar = json!({ "student_id": sample_ids.student, "email": "barred@example.org" });
    sample_ids.bar = staff.post("/bars", bar).await.is(201).text_at("/id");
    let endpoint =
        json!({ "url": "https://mis.example.org/hooks", "event_types": ["booking.created"] });
    sample_ids.webhook = staff.post("/webhooks", endpoint).await.is(201).text_at("/webhook/id");
    let test = format!("/webhooks/{}/test", sample_ids.webhook);
    sample_ids.delivery = staff.post(&test, json!({})).await.is(202).text_at("/id");
    let class = json!({ "items": [{ "sourced_id": "new", "title": "A class" }] });
    staff.put("/roster/classes", class).await.is(200);
    sample_ids.import = staff.get("/roster/imports").await.is(200).text_at("/items/0/id");
    sample_ids
}

/// Everything that staff, a parent and a teacher of this school can read, by operation.
async fn view(school: &School, sample_ids: &SampleIds) -> BTreeMap<String, Value> {
    let readers = [school.staff().await, school.parent().await, school.teacher().await];
    let mut view = BTreeMap::new();
    // TURN credentials are new each time, and a WebSocket can't be read by a GET.
    let unlike = ["get_ice_servers", "open_call_socket", "open_check_socket"];
    for operation in contract::operations().into_iter().filter(|operation| {
        operation.method == "GET"
            && operation.security.is_some()
            && !unlike.contains(&operation.id.as_str())
    }) {
        for (reader, who) in readers.iter().zip(["staff", "parent", "teacher"]) {
            let answer = ask(reader, &operation, sample_ids).await;
            let mut body = answer.body;
            if let Some(page) = body.as_object_mut() {
                page.remove("next_cursor");
                page.remove("request_id");
            }
            view.insert(format!("{} {who}: {}", operation.id, answer.status), body);
        }
    }
    view
}

/// Sends each operation and lists those with another status than expected, or with ids of this
/// school in the response.
async fn walk(
    sample_ids: &SampleIds,
    expected: impl Fn(&contract::Operation) -> u16,
    request: impl AsyncFn(&contract::Operation) -> (Actor, reqwest::RequestBuilder),
) -> Vec<String> {
    let mut wrong = Vec::new();
    for operation in contract::operations().into_iter().filter(|one| one.security.is_some()) {
        let (actor, request) = request(&operation).await;
        let answer = send(&actor, &operation, sample_ids, request).await;
        let expected = expected(&operation);
        if answer.status != expected {
            wrong.push(format!("{} is to answer {expected}: {}", operation.id, answer.text));
        }
        for id in
            [&sample_ids.booking, &sample_ids.invite, &sample_ids.student, &sample_ids.evening]
        {
            if answer.status < 300 && answer.text.contains(id.as_str()) {
                wrong.push(format!("{} shows {id}: {}", operation.id, answer.text));
            }
        }
    }
    wrong
}

#[tokio::test]
async fn staff_of_another_school_find_nothing_and_change_nothing() {
    let school = School::start().await;
    school.other_school().await;
    let sample_ids = all_sample_ids(&school).await;
    let before = view(&school, &sample_ids).await;
    for (at, own) in [("lakeside", true), ("hillcrest", false)] {
        let wrong = walk(
            &sample_ids,
            |operation| if own { to_foreign_staff(&operation.id) } else { 401 },
            async |operation| {
                // Log in each time, because two operations end their own session.
                let staff = school.neighbour_staff().await;
                let actor = if own { staff } else { staff.at_school(at) };
                let path = path_of_staff(operation, &sample_ids);
                let request = actor.request(&operation.method, &path);
                (actor, request)
            },
        )
        .await;
        assert!(wrong.is_empty(), "at {at}: {wrong:#?}");
    }
    assert_eq!(view(&school, &sample_ids).await, before);
    school.ignore_mail("the operations also send mail at the other school");
}

#[tokio::test]
async fn api_client_of_another_school_finds_and_changes_nothing() {
    let school = School::start().await;
    let staff = school.other_school().await.staff;
    let sample_ids = all_sample_ids(&school).await;
    let before = view(&school, &sample_ids).await;
    let scopes = Scope::ALL.map(Scope::as_str);
    let client = ApiClientActor::connect(&staff, staff.nobody(), "MIS", &scopes).await;
    let here = client.at_school_of(school.nobody());
    for (client, own) in [(&client, true), (&here, false)] {
        let expected = |operation: &contract::Operation| {
            if own && operation.takes_clients { to_foreign_client(&operation.id) } else { 401 }
        };
        let wrong = walk(&sample_ids, expected, async |operation| {
            let request = client.request(&operation.method, &path(operation, &sample_ids));
            (client.actor().clone(), request)
        })
        .await;
        assert!(wrong.is_empty(), "own: {own}: {wrong:#?}");
    }
    assert_eq!(view(&school, &sample_ids).await, before);
    school.ignore_mail("the operations also send mail at the other school");
}
