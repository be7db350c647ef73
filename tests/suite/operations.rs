//! Tests of every operation of the contract as nobody, as a stranger, and as staff and an API
//! client of another school. An operation that is missing here fails the test.

mod foreign;

use serde_json::{Value, json};

use crate::harness::{Actor, School, TestResponse, contract};

/// The status for nobody at an operation that requires no cookie.
fn status_if_public(id: &str) -> Option<u16> {
    Some(match id {
        "get_liveness" | "get_readiness" | "get_contract" | "get_school" | "list_dev_mails"
        | "move_dev_clock" | "reset_dev_school" => 200,
        "create_login_link" | "request_guest_link" => 202,
        "create_session" => 410,
        "preview_login_link"
        | "preview_guest_link"
        | "decline_guest_link"
        | "renew_guest_link"
        | "create_guest_session" => 404,
        "create_dev_login" => 201,
        "get_signing_keys" => 200,
        "issue_token" => 400,
        "report_client_error" => 204,
        _ => return None,
    })
}

/// The status for a parent of other children at Rachel Aaron's resources.
fn status_for_stranger(id: &str) -> u16 {
    match id {
        "get_me" | "list_evenings" | "get_evening" | "get_slots" | "get_bookings"
        | "get_invites" | "get_history" | "get_calendar" | "get_ice_servers" => 200,
        "get_call" | "get_booking" | "change_booking" | "cancel_booking" | "get_invite"
        | "remove_invite" | "resend_invite" | "renew_invite" | "choose_identity" => 404,
        // The student in the body is not a child of the stranger.
        "create_bookings" | "send_invite" => 422,
        "get_schedule"
        | "set_lateness"
        | "set_record"
        | "list_parents"
        | "get_parent"
        | "allow_contact"
        | "list_bars"
        | "create_bar"
        | "lift_bar"
        | "list_bookings"
        | "list_attendance"
        | "list_changes"
        | "list_invites"
        | "list_clients"
        | "create_client"
        | "get_client"
        | "change_client"
        | "revoke_client"
        | "create_client_secret" => 403,
        "change_school" => 403,
        "create_evening"
        | "change_evening"
        | "delete_evening"
        | "get_evening_settings"
        | "publish_evening"
        | "close_evening" => 403,
        "list_webhooks"
        | "create_webhook"
        | "get_webhook"
        | "change_webhook"
        | "delete_webhook"
        | "rotate_webhook_secret"
        | "test_webhook"
        | "list_webhook_deliveries"
        | "replay_webhook_delivery" => 403,
        "put_people"
        | "put_classes"
        | "put_enrolments"
        | "put_guardianships"
        | "list_roster_imports"
        | "restore_roster_import" => 403,
        // WebSockets for strangers are tested in calls/access.rs.
        "open_call_socket" | "open_check_socket" => 426,
        // A person's cookie is not valid for a guest's operation.
        "get_guest_appointments"
        | "delete_guest_sessions"
        | "get_guest_call"
        | "open_guest_call_socket" => 401,
        "delete_session" | "delete_sessions" => 204,
        other => panic!("{other}: the status for a stranger is missing in this test"),
    }
}

/// Ids for the requests.
pub struct SampleIds {
    evening: String,
    booking: String,
    invite: String,
    parent: String,
    student: String,
    class: String,
    starts_at: String,
    client: String,
    bar: String,
    webhook: String,
    delivery: String,
    import: String,
}

/// Collects ids of the demo, which has no API client, bar, webhook or import: the parent's id
/// stands for each of them.
pub async fn sample_ids(school: &School) -> SampleIds {
    let bookings = school.parent().await.get(&school.evening("/bookings")).await.is(200);
    let parent = school.people.parent.0.to_string();
    SampleIds {
        client: parent.clone(),
        bar: parent.clone(),
        webhook: parent.clone(),
        delivery: parent.clone(),
        import: parent.clone(),
        evening: school.people.evening.0.to_string(),
        booking: bookings.text_at("/rows/0/id"),
        invite: school.people.invite.unwrap().0.to_string(),
        parent,
        student: bookings.text_at("/rows/0/student/id"),
        class: bookings.text_at("/rows/0/class_id"),
        starts_at: bookings.text_at("/rows/0/starts_at"),
    }
}

/// The path of an operation on existing resources.
pub fn path(operation: &contract::Operation, sample_ids: &SampleIds) -> String {
    let path = path_with(operation, sample_ids, "", "");
    assert!(!path.contains('{'), "{path}: a parameter is unknown");
    path
}

/// The path with another text for one of its parameters.
pub fn path_with(
    operation: &contract::Operation,
    sample_ids: &SampleIds,
    name: &str,
    text: &str,
) -> String {
    operation
        .path
        .replace(&format!("{{{name}}}"), text)
        .replace("{evening_id}", &sample_ids.evening)
        .replace("{booking_id}", &sample_ids.booking)
        .replace("{invite_id}", &sample_ids.invite)
        .replace("{parent_id}", &sample_ids.parent)
        .replace("{student_id}", &sample_ids.student)
        .replace("{client_id}", &sample_ids.client)
        .replace("{bar_id}", &sample_ids.bar)
        .replace("{webhook_id}", &sample_ids.webhook)
        .replace("{delivery_id}", &sample_ids.delivery)
        .replace("{import_id}", &sample_ids.import)
}

async fn ask(
    actor: &Actor,
    operation: &contract::Operation,
    sample_ids: &SampleIds,
) -> TestResponse {
    let path = path(operation, sample_ids);
    send(actor, operation, sample_ids, actor.request(&operation.method, &path)).await
}

/// Sends a request for the operation, with a body if the operation takes one.
async fn send(
    actor: &Actor,
    operation: &contract::Operation,
    sample_ids: &SampleIds,
    mut request: reqwest::RequestBuilder,
) -> TestResponse {
    if operation.takes_body {
        request = request.json(&body(&operation.id, sample_ids));
    }
    actor.send(&operation.method, &path(operation, sample_ids), request).await
}

/// A valid body for the operation.
pub fn body(id: &str, sample_ids: &SampleIds) -> Value {
    match id {
        "create_login_link" => json!({ "email": "rachel.aaron@example.org" }),
        "request_guest_link" => json!({ "email": "jordan@example.org" }),
        "preview_login_link"
        | "create_session"
        | "preview_guest_link"
        | "decline_guest_link"
        | "renew_guest_link"
        | "create_guest_session" => {
            json!({ "token": "x.y.z" })
        }
        "choose_identity" => json!({ "person_id": sample_ids.parent, "role": "parent" }),
        "create_bookings" => {
            json!({
                "bookings": [{
                    "student_id": sample_ids.student,
                    "class_id": sample_ids.class,
                    "starts_at": sample_ids.starts_at,
                }]
            })
        }
        "create_evening" => json!({
            "name": "spring", "title": "Spring Evening", "date": "2027-03-18", "starts": "16:00",
            "ends": "19:00", "slot_minutes": 5, "mode": "video",
            "booking": {
                "opens": "2027-03-01T08:00",
                "closes": "2027-03-18T12:00",
            }, "classes": [{ "all": true }],
        }),
        "change_evening" => json!({ "title": "Spring" }),
        "change_booking" => json!({ "starts_at": sample_ids.starts_at }),
        "send_invite" => {
            json!({
                "name": "Jordan Aaron",
                "email": "jordan@example.org",
                "student_ids": [sample_ids.student],
                "consent": true,
            })
        }
        "create_bar" => json!({ "student_id": sample_ids.student, "person_id": sample_ids.parent }),
        "create_client" => json!({ "name": "MIS", "scopes": ["evenings:read"] }),
        "change_client" => json!({ "name": "MIS" }),
        "put_people" | "put_classes" => {
            json!({ "items": [{ "sourced_id": "somebody", "remove": true }] })
        }
        "put_enrolments" => {
            json!({
                "items": [{
                    "class_sourced_id": "x",
                    "person_sourced_id": "y",
                    "role": "student",
                    "remove": true,
                }]
            })
        }
        "put_guardianships" => {
            json!({
                "items": [{ "parent_sourced_id": "x", "student_sourced_id": "y", "remove": true }]
            })
        }
        // This operation takes a form and no JSON.
        "issue_token" => json!({}),
        "restore_roster_import" => json!({ "dry_run": true }),
        "set_record" => json!({ "no_show": true, "note": "" }),
        "change_school" => json!({ "phone": "020 7946 0000" }),
        "report_client_error" => json!({ "kind": "old_browser" }),
        "set_lateness" => json!({ "minutes": 5 }),
        "create_webhook" => {
            json!({ "url": "https://mis.example.org/hooks", "event_types": ["booking.created"] })
        }
        "change_webhook" => json!({ "enabled": false }),
        "create_dev_login" => json!({ "as": "teacher" }),
        "move_dev_clock" => json!({}),
        other => panic!("{other} takes a body that this test does not know"),
    }
}

#[tokio::test]
async fn every_operation_refuses_anonymous_requests() {
    let school = School::start().await;
    let sample_ids = sample_ids(&school).await;
    for operation in contract::operations() {
        let expected = match &operation.security {
            None => status_if_public(&operation.id).unwrap_or_else(|| {
                panic!("{}: the status for nobody is missing in this test", operation.id)
            }),
            Some(_) => 401,
        };
        let answer = ask(&school.nobody(), &operation, &sample_ids).await;
        assert_eq!(answer.status, expected, "{}: {}", operation.id, answer.text);
        if expected == 401 {
            assert_eq!(answer.code(), "not_logged_in", "{}", operation.id);
        }
        if operation.id == "create_login_link" {
            // Anybody may request a login mail for a known address. Take it out before another
            // operation moves the clock.
            school.mail_to("rachel.aaron@example.org").await;
        }
    }
    school.ignore_mail("demo/tests.rs tests the mails of loading the demo");
}

#[tokio::test]
async fn every_operation_hides_data_from_strangers() {
    let school = School::start().await;
    let sample_ids = sample_ids(&school).await;
    let mut wrong = Vec::new();
    for operation in
        contract::operations().into_iter().filter(|operation| operation.security.is_some())
    {
        let answer = ask(&school.stranger().await, &operation, &sample_ids).await;
        let expected = status_for_stranger(&operation.id);
        if answer.status != expected {
            wrong.push(format!("{} is to answer {expected}: {}", operation.id, answer.text));
        }
        for secret in [&sample_ids.booking, &sample_ids.invite, &sample_ids.student] {
            assert!(
                answer.status != 200 || !answer.text.contains(secret.as_str()),
                "{} shows {secret}: {}",
                operation.id,
                answer.text
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // Nothing has been deleted or changed.
    let parent = school.parent().await;
    parent.get(&format!("/bookings/{}", sample_ids.booking)).await.is(200);
    parent.get(&format!("/invites/{}", sample_ids.invite)).await.is(200);
}
