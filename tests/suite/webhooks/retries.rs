//! Tests of retries: when an event is sent again, which events wait for it, and when an endpoint is
//! switched off.

use chrono::TimeDelta;
use serde_json::json;

use super::{ALL, book, deliver_and_take, endpoint, kinds, log, receiver::Receiver, school, test};
use crate::harness::Shared;

/// Pauses between attempts in seconds, from the table of the specification.
const PAUSES: [i64; 9] = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];

#[tokio::test]
async fn failed_delivery_is_retried_with_backoff_and_given_up() {
    let (school, receiver) = (school().await, Receiver::start().await);
    let staff = school.staff().await;
    let (path, secret) = endpoint(&staff, &receiver, &ALL).await;
    test(&staff, &path).await;
    receiver.answer(&[500; 10]);
    let first = deliver_and_take(&school, &receiver).await;
    for pause in PAUSES {
        school.advance_clock(TimeDelta::seconds(pause - 1));
        assert_eq!(deliver_and_take(&school, &receiver).await.len(), 0, "before {pause} s");
        // The pause has up to a tenth of jitter.
        school.advance_clock(TimeDelta::seconds(2 + pause / 10));
        let again = deliver_and_take(&school, &receiver).await;
        assert_eq!(again.len(), 1, "after {pause} s");
        assert_eq!(
            (&again[0].id, &again[0].text),
            (&first[0].id, &first[0].text),
            "the same event"
        );
        assert_ne!(again[0].timestamp, first[0].timestamp, "each attempt has its own timestamp");
        assert_eq!(again[0].signature, again[0].signed_with(&secret));
    }
    school.advance_clock(TimeDelta::days(2));
    assert_eq!(
        deliver_and_take(&school, &receiver).await.len(),
        0,
        "no attempt after the last pause"
    );
    let staff = school.staff().await;
    let entry = &log(&staff, &path).await[0];
    assert_eq!(
        (entry["state"].as_str(), entry["attempts"].as_array().unwrap().len()),
        (Some("failed"), 10)
    );
    assert_eq!(entry["attempts"][0]["status"], 500);
}

#[tokio::test]
async fn events_of_a_booking_are_delivered_in_order() {
    let (school, receiver) = (school().await, Receiver::start().await);
    let (staff, parent) = (school.staff().await, school.parent().await);
    endpoint(&staff, &receiver, &ALL).await;
    let (_, path) = book(&school, &parent).await;
    receiver.answer(&[503]);
    assert_eq!(kinds(&deliver_and_take(&school, &receiver).await), ["booking.created"]);
    parent.delete(&path).await.is(204);
    let (_, other) = book(&school, &parent).await;
    let received = deliver_and_take(&school, &receiver).await;
    assert_eq!(kinds(&received), ["booking.created"]);
    assert_eq!(
        format!("/bookings/{}", received[0].body["data"]["booking_id"].as_str().unwrap()),
        other,
        "the event is about the other booking"
    );
    school.advance_clock(TimeDelta::seconds(6));
    assert_eq!(
        kinds(&deliver_and_take(&school, &receiver).await),
        ["booking.created", "booking.cancelled"]
    );
}

#[tokio::test]
async fn two_nodes_deliver_each_event_once() {
    let (school, receiver) = (school().await, Receiver::start().await);
    let other = school.second_node(Shared::Nothing).await;
    let staff = school.staff().await;
    let (path, _) = endpoint(&staff, &receiver, &ALL).await;
    for _ in 0..12 {
        test(&staff, &path).await;
    }
    let (one, two) = (school.app.webhook_worker(), other.app.webhook_worker());
    let (here, there) = futures_util::future::join(
        parlour::workers::run_due(&one),
        parlour::workers::run_due(&two),
    )
    .await;
    let mut ids: Vec<String> = receiver.take().into_iter().map(|received| received.id).collect();
    assert_eq!((here + there, ids.len()), (12, 12));
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 12, "each of them");
}

#[tokio::test]
async fn retry_after_is_honoured() {
    let (school, receiver) = (school().await, Receiver::start().await);
    let staff = school.staff().await;
    let (path, _) = endpoint(&staff, &receiver, &ALL).await;
    test(&staff, &path).await;
    receiver.answer_with(429, "retry-after", "120".to_owned());
    assert_eq!(deliver_and_take(&school, &receiver).await.len(), 1);
    school.advance_clock(TimeDelta::seconds(119));
    assert_eq!(deliver_and_take(&school, &receiver).await.len(), 0);
    school.advance_clock(TimeDelta::seconds(1));
    assert_eq!(deliver_and_take(&school, &receiver).await.len(), 1);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (school, receiver, elsewhere) =
        (school().await, Receiver::start().await, Receiver::start().await);
    let staff = school.staff().await;
    let (path, _) = endpoint(&staff, &receiver, &ALL).await;
    test(&staff, &path).await;
    receiver.answer_with(307, "location", elsewhere.url());
    assert_eq!(deliver_and_take(&school, &receiver).await.len(), 1);
    assert_eq!(elsewhere.take().len(), 0);
    let entry = &log(&staff, &path).await[0];
    assert_eq!(
        (entry["state"].as_str(), entry["attempts"][0]["status"].as_u64()),
        (Some("pending"), Some(307))
    );
}

#[tokio::test]
async fn status_410_disables_the_endpoint_and_mails_the_office() {
    let (school, receiver) = (school().await, Receiver::start().await);
    let staff = school.staff().await;
    let (path, _) = endpoint(&staff, &receiver, &ALL).await;
    test(&staff, &path).await;
    receiver.answer(&[410]);
    deliver_and_take(&school, &receiver).await;
    let endpoint = staff.get(&path).await.is(200);
    assert_eq!(
        (endpoint.body["enabled"].as_bool(), endpoint.text_at("/off_reason").as_str()),
        (Some(false), "gone")
    );
    let mail = school.mail_to("helen.okafor@example.org").await;
    assert!(mail.text.contains("127.0.0.1") && mail.text.contains("switched off"), "{}", mail.text);
    assert!(!mail.text.contains("/hooks"), "the host alone: {}", mail.text);
    let test = format!("{path}/test");
    staff.send("POST", &test, staff.request("POST", &test)).await.refuses(409, "webhook_off");
    // After staff have switched the endpoint on again, its failures are forgotten.
    let on = staff.patch(&path, json!({ "enabled": true })).await.is(200);
    assert!(on.body["off_reason"].is_null() && on.body["failing_since"].is_null(), "{}", on.text);
}

#[tokio::test]
async fn five_days_of_failures_disable_the_endpoint() {
    let (school, receiver) = (school().await, Receiver::start().await);
    let staff = school.staff().await;
    let (path, _) = endpoint(&staff, &receiver, &ALL).await;
    receiver.answer(&[500, 500]);
    test(&staff, &path).await;
    deliver_and_take(&school, &receiver).await;
    assert!(staff.get(&path).await.is(200).body["failing_since"].is_string());
    school.advance_clock(TimeDelta::days(5));
    deliver_and_take(&school, &receiver).await;
    let staff = school.staff().await;
    assert_eq!(staff.get(&path).await.is(200).text_at("/off_reason"), "failing");
    assert_eq!(log(&staff, &path).await[0]["state"], "dropped");
}

#[tokio::test]
async fn success_resets_the_failure_period() {
    let (school, receiver) = (school().await, Receiver::start().await);
    let staff = school.staff().await;
    let (path, _) = endpoint(&staff, &receiver, &ALL).await;
    receiver.answer(&[500, 204, 500]);
    test(&staff, &path).await;
    deliver_and_take(&school, &receiver).await;
    school.advance_clock(TimeDelta::days(5));
    assert_eq!(deliver_and_take(&school, &receiver).await.len(), 1);
    let staff = school.staff().await;
    assert!(staff.get(&path).await.is(200).body["failing_since"].is_null());
    test(&staff, &path).await;
    deliver_and_take(&school, &receiver).await;
    assert_eq!(staff.get(&path).await.is(200).body["enabled"], true);
}
