//! Tests of idempotency keys: a retry gets the first response byte for byte, and no secret is
//! stored.

use diesel::{QueryDsl, RunQueryDsl};
use parlour::schema::idempotency_keys;
use serde_json::{Value, json};

use crate::harness::{Actor, School, TestResponse, bookable_classes};

/// The parts of a response that a retry must repeat.
fn repeated(answer: &TestResponse) -> (u16, &str, [Option<&str>; 4]) {
    let headers = ["content-type", "location", "etag", "set-cookie"];
    (answer.status, &answer.text, headers.map(|name| answer.header(name)))
}

/// Sends a request with its path as the key, runs `meanwhile`, and sends the request again.
async fn check(actor: &Actor, path: &str, body: Value, meanwhile: impl AsyncFnOnce(&TestResponse)) {
    let first = actor.post_with_idempotency_key(path, path, body.clone()).await;
    assert!((200..300).contains(&first.status), "{path}: {}", first.text);
    meanwhile(&first).await;
    let again = actor.post_with_idempotency_key(path, path, body).await;
    assert_eq!(repeated(&again), repeated(&first), "{path}");
    assert_eq!(again.header("set-cookie"), None, "{path}");
    assert_ne!(again.header("x-request-id"), first.header("x-request-id"), "{path}");
    let is_json = !again.text.is_empty();
    assert_eq!(again.header("content-type"), is_json.then_some("application/json"), "{path}");
}

#[tokio::test]
async fn a_retry_gets_the_first_response_byte_for_byte() {
    let school = School::start().await;
    school.ignore_mail("other tests read these mails");
    let (office, parent) = (school.staff().await, school.parent().await);

    let winter = json!({
        "name": "winter", "title": "Winter Evening", "date": "2026-12-10",
        "starts": "16:00", "ends": "18:00", "slot_minutes": 10, "mode": "video",
        "booking": { "opens": "2026-11-20T08:00", "closes": "2026-12-10T12:00" },
        "classes": [{ "titles": ["Year 9 *"] }],
    });
    let change_title = async |first: &TestResponse| {
        let path = format!("/evenings/{}", first.text_at("/id"));
        assert!(first.header("location").is_some_and(|location| location.ends_with(&path)));
        office.patch(&path, json!({ "title": "Another title" })).await.is(200);
    };
    check(&office, "/evenings", winter, change_title).await;

    let overview = parent.get(&school.evening("/invites")).await.is(200);
    let students = overview.list("/students");
    let free =
        students.iter().find(|one| one["invited"] == false).expect("a student without an invite");
    let invite = json!({
        "name": "Sam Aaron", "email": "sam@example.org", "consent": true,
        "student_ids": [free["student"]["id"]],
    });
    let remove = async |first: &TestResponse| {
        let path = format!("/invites/{}", first.text_at("/id"));
        assert!(first.header("location").is_some_and(|location| location.ends_with(&path)));
        parent.delete(&path).await.is(204);
    };
    check(&parent, &school.evening("/invites"), invite, remove).await;

    let bookable = bookable_classes(&school, &parent)
        .await
        .into_iter()
        .find(|bookable| !bookable.free.is_empty());
    let bookable = bookable.expect("a free time");
    let cancel = async |first: &TestResponse| {
        parent.delete(&format!("/bookings/{}", first.text_at("/items/0/id"))).await.is(204);
    };
    let booking = json!({ "bookings": [bookable.at(&bookable.free[0])] });
    check(&parent, &school.evening("/bookings"), booking, cancel).await;

    let bar = json!({ "student_id": free["student"]["id"], "email": "x@example.org", "note": "" });
    let lift = async |first: &TestResponse| {
        office.delete(&format!("/bars/{}", first.text_at("/id"))).await.is(204);
    };
    check(&office, "/bars", bar, lift).await;
}

#[tokio::test]
async fn no_secret_is_kept() {
    let school =
        School::start_with(&[("PARLOUR_MODE", "demo"), ("PARLOUR_WEBHOOKS_PRIVATE", "allow")])
            .await;
    let office = school.staff().await;
    let client = json!({ "name": "MIS", "scopes": ["evenings:read"] });
    let client = office.post_with_idempotency_key("/clients", "1", client).await.is(201);
    let webhook = json!({ "url": "http://127.0.0.1:9/", "event_types": ["booking.created"] });
    let webhook = office.post_with_idempotency_key("/webhooks", "2", webhook).await.is(201);
    let rotate = async |path: String, key: &str| {
        let request = office.request("POST", &path).header("idempotency-key", key);
        office.send("POST", &path, request).await.is(201)
    };
    let newer_client = rotate(format!("/clients/{}/secrets", client.text_at("/client/id")), "3");
    let newer_client = newer_client.await;
    let newer_webhook =
        rotate(format!("/webhooks/{}/secrets", webhook.text_at("/webhook/id")), "4");
    let newer_webhook = newer_webhook.await;
    let columns = (
        idempotency_keys::key,
        idempotency_keys::request_hash,
        idempotency_keys::body,
        idempotency_keys::headers,
    );
    let rows: Vec<(String, String, String, Option<String>)> =
        school.read(move |db| Ok(idempotency_keys::table.select(columns).load(db)?)).await;
    assert_eq!(rows.len(), 4);
    let table = format!("{rows:?}");
    for secret in [
        client.text_at("/client_secret"),
        newer_client.text_at("/client_secret"),
        webhook.text_at("/secret"),
        newer_webhook.text_at("/secret"),
    ] {
        // A part of a secret would reveal it as well.
        for part in secret.split(['.', '_']).filter(|part| part.len() >= 20) {
            assert!(!table.contains(part), "{table}");
        }
        assert!(secret.len() >= 20 && !table.contains(&secret), "{table}");
    }
}
