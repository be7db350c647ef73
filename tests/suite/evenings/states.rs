//! Tests of publishing, closing and reopening an evening, and of the operations that are allowed in
//! each state.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{audit_log, book, draft, free, open};
use crate::harness::{Roster, School};

#[tokio::test]
async fn publish_and_close_are_idempotent() {
    let school = School::start().await;
    let api_client = school.api_client(&["evenings:read", "evenings:write"]).await;
    let path = draft(&school.staff().await).await;
    let (publish, close) = (format!("{path}/publish"), format!("{path}/close"));
    api_client.send("POST", &close).await.refuses(409, "evening_not_published");
    school.advance_clock(TimeDelta::minutes(1));
    let now = || school.now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let published = api_client.send("POST", &publish).await.is(200);
    assert_eq!(
        (published.text_at("/state"), published.text_at("/published_at")),
        ("published".into(), now())
    );
    school.advance_clock(TimeDelta::minutes(1));
    assert_eq!(api_client.send("POST", &publish).await.is(200).body, published.body);
    let closed = api_client.send("POST", &close).await.is(200);
    assert_eq!((closed.text_at("/state"), closed.text_at("/closed_at")), ("closed".into(), now()));
    school.advance_clock(TimeDelta::minutes(1));
    assert_eq!(api_client.send("POST", &close).await.is(200).body, closed.body);
    assert_eq!(api_client.send("GET", &path).await.is(200).text_at("/booking_state"), "closed");
    assert_eq!(
        api_client.send("POST", &publish).await.is(200).body,
        published.body,
        "the evening is published as before"
    );
    let log: Vec<(String, String)> =
        audit_log(&school).await.into_iter().map(|(what, who, _)| (what, who)).collect();
    let by = |what: &str, who: &str| (what.to_owned(), who.to_owned());
    let expected = [
        by("evening_added", "Helen Okafor"),
        by("evening_published", "MIS"),
        by("evening_closed", "MIS"),
        by("evening_reopened", "MIS"),
    ];
    assert_eq!(log, expected);
}

#[tokio::test]
async fn only_staff_change_bookings_of_a_closed_evening() {
    let school = School::start().await;
    let (office, parent) = (school.staff().await, school.parent().await);
    let path = open(&office).await;
    let booking = format!("/bookings/{}", book(&parent, &path).await["id"].as_str().unwrap());
    office.post(&format!("{path}/close"), json!({})).await.is(200);
    let bookable = free(&parent, &path).await.swap_remove(0);
    let another = json!({ "bookings": [bookable] });
    parent.post(&format!("{path}/bookings"), another.clone()).await.refuses(409, "booking_closed");
    parent
        .patch(&booking, json!({ "starts_at": bookable["starts_at"] }))
        .await
        .refuses(409, "booking_closed");
    parent.delete(&booking).await.refuses(409, "booking_closed");
    let shown = parent.get(&path).await.is(200);
    assert_eq!(
        (shown.text_at("/state"), shown.text_at("/booking_state")),
        ("closed".into(), "closed".into())
    );
    // The appointment stays, with its calendar and call, and staff can still book.
    parent.get(&booking).await.is(200);
    parent.get(&format!("{path}/calendar")).await.is(200);
    assert!(parent.get(&format!("{booking}/call")).await.is(200).body["state"].is_string());
    let made = office
        .post(&format!("{path}/bookings?parent_id={}", school.people.parent.0), another.clone())
        .await
        .is(201);
    office.delete(&format!("/bookings/{}", made.text_at("/items/0/id"))).await.is(204);
    // After reopening, booking is possible again.
    office.post(&format!("{path}/publish"), json!({})).await.is(200);
    parent.post(&format!("{path}/bookings"), another).await.is(201);
    parent.delete(&booking).await.is(204);
    school.ignore_mail("bookings.rs tests the mail about a booking");
}

#[tokio::test]
async fn closed_evening_can_be_reopened_within_its_window() {
    let school = School::start().await;
    let path = draft(&school.staff().await).await;
    school.advance_clock(TimeDelta::minutes(1));
    let api_client = async || school.api_client(&["evenings:read", "evenings:write"]).await;
    let (publish, close) = (format!("{path}/publish"), format!("{path}/close"));
    api_client().await.send("POST", &publish).await.is(200);
    school.advance_clock(TimeDelta::minutes(1));
    api_client().await.send("POST", &close).await.is(200);
    school.clock.set("2026-12-10T12:00:00Z".parse().unwrap());
    let late = api_client().await;
    late.send("POST", &publish).await.refuses(409, "booking_closed");
    late.send_json("PATCH", &path, json!({ "booking": { "closes": "2026-12-10T14:00" } }))
        .await
        .is(200);
    school.advance_clock(TimeDelta::minutes(1));
    assert_eq!(
        late.send("GET", &path).await.is(200).text_at("/booking_state"),
        "closed",
        "a longer booking window does not reopen the evening"
    );
    late.send("POST", &publish).await.is(200);
    assert_eq!(late.send("GET", &path).await.is(200).text_at("/booking_state"), "open");
    school.clock.set("2026-12-10T18:00:00Z".parse().unwrap());
    let after = api_client().await;
    after.send("POST", &close).await.refuses(409, "evening_over");
    after.send("POST", &publish).await.is(200);
    let done: Vec<String> = audit_log(&school).await.into_iter().map(|(what, ..)| what).collect();
    assert_eq!(
        done,
        [
            "evening_added",
            "evening_published",
            "evening_closed",
            "evening_changed",
            "evening_reopened"
        ]
    );
}

#[tokio::test]
async fn past_or_empty_evening_cannot_be_published() {
    let school = School::start().await;
    let office = school.staff().await;
    let path = draft(&office).await;
    office.patch(&path, json!({ "classes": [{ "ids": ["9b-music"] }] })).await.is(200);
    let folder = Roster::demo();
    let file = folder.path().join("classes.csv");
    let without: Vec<String> = std::fs::read_to_string(&file)
        .unwrap()
        .lines()
        .filter(|line| !line.starts_with("9b-music,"))
        .map(str::to_owned)
        .collect();
    std::fs::write(file, without.join("\n") + "\n").unwrap();
    let enrolments = folder.path().join("enrollments.csv");
    let without: Vec<String> = std::fs::read_to_string(&enrolments)
        .unwrap()
        .lines()
        .filter(|line| !line.contains(",9b-music,"))
        .map(str::to_owned)
        .collect();
    std::fs::write(enrolments, without.join("\n") + "\n").unwrap();
    folder.import(&school).await;
    office.post(&format!("{path}/publish"), json!({})).await.refuses(409, "no_class_takes_part");
    office.patch(&path, json!({ "classes": [{ "titles": ["Year 9 *"] }] })).await.is(200);
    school.clock.set("2026-12-10T18:00:00Z".parse().unwrap());
    let office = school.staff().await;
    office.post(&format!("{path}/publish"), json!({})).await.refuses(409, "evening_over");
    office.delete(&path).await.is(204);
    school.ignore_mail("imports.rs tests the mails of an import");
}

#[tokio::test]
async fn every_state_change_enqueues_a_webhook() {
    use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
    use parlour::schema::webhook_deliveries;
    let school =
        School::start_with(&[("PARLOUR_MODE", "demo"), ("PARLOUR_WEBHOOKS_PRIVATE", "allow")])
            .await;
    let office = school.staff().await;
    office
        .post(
            "/webhooks",
            json!({ "url": "https://mis.example.org/hooks", "event_types": ["evening.changed"] }),
        )
        .await
        .is(201);
    let told = async || -> i64 {
        school
            .read(|db| {
                Ok(webhook_deliveries::table
                    .filter(webhook_deliveries::event_type.eq("evening.changed"))
                    .count()
                    .get_result(db)?)
            })
            .await
    };
    let path = draft(&office).await;
    assert_eq!(told().await, 1);
    let steps: [(&str, Value, i64); 5] = [
        ("", json!({ "title": "Winter" }), 2),
        ("", json!({ "title": "Winter" }), 2),
        ("/publish", json!({}), 3),
        ("/close", json!({}), 4),
        ("/close", json!({}), 4),
    ];
    for (rest, body, expected) in steps {
        match rest {
            "" => office.patch(&path, body).await.is(200),
            rest => office.post(&format!("{path}{rest}"), body).await.is(200),
        };
        assert_eq!(told().await, expected, "{rest}");
    }
    let other = office
        .post("/evenings", super::winter_with(&json!({ "name": "other" })))
        .await
        .is(201)
        .text_at("/id");
    office.delete(&format!("/evenings/{other}")).await.is(204);
    assert_eq!(told().await, 6, "creation and deletion are logged");
}
