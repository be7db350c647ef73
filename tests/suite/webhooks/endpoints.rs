//! Tests of webhook endpoints: who may make and see them, their secrets and their log.

use chrono::TimeDelta;
use serde_json::json;

use super::{ALL, deliver_and_take, endpoint, log, receiver::Receiver, school, test};
use crate::harness::School;

#[tokio::test]
async fn staff_create_list_change_and_delete_a_webhook() {
    let school = School::start().await;
    let staff = school.staff().await;
    let new = json!({
        "url": "https://mis.example.org/hooks?school=7",
        "event_types": ["booking.created", "invite.created"],
    });
    let made = staff.post("/webhooks", new).await.is(201);
    let path = format!("/webhooks/{}", made.text_at("/webhook/id"));
    let secret = made.text_at("/secret");
    let list = staff.get("/webhooks").await.is(200);
    assert_eq!(list.list("/items"), [made.body["webhook"].clone()]);
    assert!(!list.text.contains(&secret), "the list must not show the secret");
    assert!(!staff.get(&path).await.is(200).text.contains("whsec_"));

    let changed = staff.patch(&path, json!({ "event_types": ["roster.imported"] })).await.is(200);
    assert_eq!(
        (changed.text_at("/event_types/0"), changed.text_at("/url")),
        ("roster.imported".to_owned(), made.text_at("/webhook/url"))
    );
    let off = staff.patch(&path, json!({ "enabled": false })).await.is(200);
    assert_eq!(
        (off.body["enabled"].as_bool(), off.text_at("/off_reason").as_str()),
        (Some(false), "staff")
    );
    staff.patch(&path, json!({ "enabled": true })).await.is(200);

    staff.delete(&path).await.is(204);
    staff.get(&path).await.refuses(404, "not_found");
    staff.delete(&path).await.refuses(404, "not_found");
    assert_eq!(staff.get("/webhooks").await.is(200).list("/items").len(), 0);
}

#[tokio::test]
async fn invalid_webhooks_are_refused() {
    let school = School::start().await;
    let staff = school.staff().await;
    let with = |url: &str, types: &[&str]| json!({ "url": url, "event_types": types });
    let good = "https://mis.example.org/";
    for url in [
        "",
        "mis.example.org",
        "http://mis.example.org/",
        "https://127.0.0.1/",
        "https://[::ffff:10.0.0.1]/",
        "https://me:secret@mis.example.org/",
    ] {
        let code = if url.is_empty() { "invalid" } else { "webhook_url_refused" };
        staff.post("/webhooks", with(url, &["booking.created"])).await.refuses(422, code);
    }
    for types in
        [&[][..], &["webhook.test"], &["booking.created", "booking.created"], &["booking.eaten"]]
    {
        staff.post("/webhooks", with(good, types)).await.refuses(422, "invalid");
    }
    let path = format!(
        "/webhooks/{}",
        staff.post("/webhooks", with(good, &ALL)).await.is(201).text_at("/webhook/id")
    );
    staff
        .patch(&path, json!({ "url": "https://169.254.169.254/latest" }))
        .await
        .refuses(422, "webhook_url_refused");
    staff.patch(&path, json!({ "event_types": [] })).await.refuses(422, "invalid");
    for _ in 1..10 {
        staff.post("/webhooks", with(good, &ALL)).await.is(201);
    }
    staff.post("/webhooks", with(good, &ALL)).await.refuses(409, "webhook_limit");
}

#[tokio::test]
async fn webhooks_are_visible_only_to_staff_of_the_school() {
    let (school, receiver) = (school().await, Receiver::start().await);
    let staff = school.staff().await;
    let (path, _) = endpoint(&staff, &receiver, &ALL).await;
    let delivery = test(&staff, &path).await.text_at("/id");
    let replay = format!("{path}/deliveries/{delivery}/replay");
    let operations = [
        ("GET", path.clone()),
        ("PATCH", path.clone()),
        ("POST", format!("{path}/secrets")),
        ("POST", format!("{path}/test")),
        ("GET", format!("{path}/deliveries")),
        ("POST", replay.clone()),
        ("DELETE", path.clone()),
    ];
    let other_school = school.other_school().await;
    let (own, _) = endpoint(&other_school.staff, &receiver, &ALL).await;
    for (method, path) in &operations {
        let ask = async |actor: &crate::harness::Actor| {
            let request = actor.request(method, path);
            let request = if *method == "PATCH" {
                request.json(&json!({ "enabled": false }))
            } else {
                request
            };
            actor.send(method, path, request).await
        };
        ask(&school.parent().await).await.refuses(403, "wrong_role");
        ask(&school.teacher().await).await.refuses(403, "wrong_role");
        ask(&school.guest().await).await.refuses(401, "not_logged_in");
        for (neighbour, status) in other_school.all().into_iter().zip([403, 403, 404]) {
            ask(neighbour).await.is(status);
        }
    }
    // Another school's delivery is not found through the school's own endpoint.
    let through = format!("{own}/deliveries/{delivery}/replay");
    other_school
        .staff
        .send("POST", &through, other_school.staff.request("POST", &through))
        .await
        .refuses(404, "not_found");
    assert_eq!(other_school.staff.get("/webhooks").await.is(200).list("/items").len(), 1);
    assert_eq!(staff.get(&path).await.is(200).body["enabled"], true);
}

#[tokio::test]
async fn old_and_new_secret_both_sign_for_a_day() {
    let (school, receiver) = (school().await, Receiver::start().await);
    let staff = school.staff().await;
    let (path, first) = endpoint(&staff, &receiver, &ALL).await;
    let rotate = format!("{path}/secrets");
    let rotated = staff.send("POST", &rotate, staff.request("POST", &rotate)).await.is(201);
    let second = rotated.text_at("/secret");
    assert_ne!(first, second);
    assert!(rotated.text_at("/webhook/old_secret_until").starts_with("2026-11-24T10:01:00"));
    test(&staff, &path).await;
    let received = deliver_and_take(&school, &receiver).await;
    assert_eq!(
        received[0].signature,
        format!("{} {}", received[0].signed_with(&second), received[0].signed_with(&first))
    );
    // A third secret within the day ends the first.
    let third = staff
        .send("POST", &rotate, staff.request("POST", &rotate))
        .await
        .is(201)
        .text_at("/secret");
    test(&staff, &path).await;
    let received = deliver_and_take(&school, &receiver).await;
    assert_eq!(
        received[0].signature,
        format!("{} {}", received[0].signed_with(&third), received[0].signed_with(&second))
    );
    school.advance_clock(TimeDelta::hours(24));
    let staff = school.staff().await;
    test(&staff, &path).await;
    let received = deliver_and_take(&school, &receiver).await;
    assert_eq!(received[0].signature, received[0].signed_with(&third));
    assert!(staff.get(&path).await.is(200).body["old_secret_until"].is_null());
}

#[tokio::test]
async fn delivery_log_is_paged_and_deliveries_can_be_replayed() {
    let (school, receiver) = (school().await, Receiver::start().await);
    let staff = school.staff().await;
    let (path, _) = endpoint(&staff, &receiver, &ALL).await;
    for _ in 0..5 {
        test(&staff, &path).await;
    }
    let first = deliver_and_take(&school, &receiver).await;
    assert_eq!(first.len(), 5);
    let all: Vec<_> =
        log(&staff, &path).await.into_iter().map(|entry| entry["id"].clone()).collect();
    let mut found = Vec::new();
    let mut query = "limit=2".to_owned();
    loop {
        let page = staff.get(&format!("{path}/deliveries?{query}")).await.is(200);
        found.extend(page.list("/items").into_iter().map(|entry| entry["id"].clone()));
        assert!(found.len() <= all.len(), "there are more pages than deliveries");
        let Some(cursor) = page.body["next_cursor"].as_str() else { break };
        query = format!("limit=2&cursor={cursor}");
    }
    assert_eq!(found, all);
    staff.get(&format!("{path}/deliveries?cursor=x")).await.refuses(400, "bad_cursor");

    let delivery = all[0].as_str().unwrap();
    let replay = format!("{path}/deliveries/{delivery}/replay");
    let once = || staff.request("POST", &replay).header("idempotency-key", "again-1");
    let again = staff.send("POST", &replay, once()).await.is(202);
    assert_eq!(again.text_at("/state"), "pending");
    let received = deliver_and_take(&school, &receiver).await;
    assert_eq!(received.len(), 1);
    // The response was lost. A retry makes no further delivery.
    assert_eq!(staff.send("POST", &replay, once()).await.is(202).body, again.body);
    assert_eq!(deliver_and_take(&school, &receiver).await.len(), 0);
    assert_eq!(received[0].id, again.text_at("/event_id"));
    assert!(
        first.iter().any(|one| one.id == received[0].id && one.text == received[0].text),
        "the same event"
    );
    let entry = &log(&staff, &path).await[0];
    assert_eq!(
        (entry["state"].as_str(), entry["attempts"].as_array().unwrap().len()),
        (Some("delivered"), 2)
    );
}

#[tokio::test]
async fn disabling_a_webhook_drops_pending_deliveries() {
    let (school, receiver) = (school().await, Receiver::start().await);
    let staff = school.staff().await;
    let (path, _) = endpoint(&staff, &receiver, &ALL).await;
    test(&staff, &path).await;
    staff.patch(&path, json!({ "enabled": false })).await.is(200);
    assert_eq!(deliver_and_take(&school, &receiver).await.len(), 0);
    let entry = log(&staff, &path).await.remove(0);
    assert_eq!(entry["state"], "dropped");
    let replay = format!("{path}/deliveries/{}/replay", entry["id"].as_str().unwrap());
    staff.send("POST", &replay, staff.request("POST", &replay)).await.refuses(409, "webhook_off");
    staff.patch(&path, json!({ "enabled": true })).await.is(200);
    assert_eq!(
        deliver_and_take(&school, &receiver).await.len(),
        0,
        "switching on does not resend dropped deliveries"
    );
    staff.send("POST", &replay, staff.request("POST", &replay)).await.is(202);
    assert_eq!(deliver_and_take(&school, &receiver).await.len(), 1);
}

#[tokio::test]
async fn creating_a_webhook_is_idempotent_and_shows_the_secret_once() {
    let (school, receiver) = (school().await, Receiver::start().await);
    let staff = school.staff().await;
    let body = json!({ "url": receiver.url(), "event_types": ["booking.created"] });
    let first = staff.post_with_idempotency_key("/webhooks", "one", body.clone()).await.is(201);
    let again = staff.post_with_idempotency_key("/webhooks", "one", body).await.is(201);
    assert_eq!(again.body["webhook"], first.body["webhook"]);
    assert!(first.body["secret"].is_string() && again.body["secret"].is_null());
    assert_eq!(staff.get("/webhooks").await.is(200).list("/items").len(), 1);
    staff
        .post_with_idempotency_key(
            "/webhooks",
            "one",
            json!({ "url": receiver.url(), "event_types": ["booking.changed"] }),
        )
        .await
        .refuses(409, "idempotency_key_reused");
    let rotate = format!("/webhooks/{}/secrets", first.text_at("/webhook/id"));
    let test = format!("/webhooks/{}/test", first.text_at("/webhook/id"));
    let ask = async |path: &str, key: &str| {
        staff.send("POST", path, staff.request("POST", path).header("idempotency-key", key)).await
    };
    let (sent, sent_again) = (ask(&test, "three").await.is(202), ask(&test, "three").await.is(202));
    assert_eq!(sent_again.text_at("/id"), sent.text_at("/id"), "one request sends one test event");
    ask(&rotate, "three").await.refuses(409, "idempotency_key_reused");
    let (first, again) = (ask(&rotate, "two").await.is(201), ask(&rotate, "two").await.is(201));
    assert!(first.body["secret"].is_string() && again.body["secret"].is_null());
    assert_eq!(again.body["webhook"], first.body["webhook"]);
}
