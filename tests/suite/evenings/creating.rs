//! Tests of creating an evening: permissions, validation and idempotency.

use serde_json::{Value, json};

use super::{audit_log, draft, winter, winter_with};
use crate::harness::{Roster, School};

#[tokio::test]
async fn api_client_creates_a_draft_and_reads_its_settings() {
    let school = School::start().await;
    let api_client = school.api_client(&["evenings:read", "evenings:write"]).await;
    let made = api_client.send_json("POST", "/evenings", winter()).await.is(201);
    let path = format!("/evenings/{}", made.text_at("/id"));
    assert_eq!(made.header("location"), Some(format!("/s/hillcrest/api/v1{path}").as_str()));
    let expected = [
        ("state", json!("draft")),
        ("time_zone", json!("Europe/London")),
        ("gap_seconds", json!(0)),
        ("capacity", json!(4)),
        ("left_out", json!([])),
    ];
    for (field, value) in expected {
        assert_eq!(made.body[field], value, "{field}");
    }
    for field in ["name", "title", "date", "starts", "ends", "slot_minutes", "mode", "booking"] {
        assert_eq!(made.body[field], winter()[field], "{field}");
    }
    assert!(made.body["published_at"].is_null() && made.body["closed_at"].is_null());
    let classes = made.list("/classes");
    assert!(
        classes.len() > 3
            && classes.iter().all(|class| class["title"].as_str().unwrap().starts_with("Year 9 ")
                && class["video"] == true),
        "{classes:?}"
    );
    let settings = format!("{path}/settings");
    assert_eq!(api_client.send("GET", &settings).await.is(200).body, made.body);
    assert_eq!(school.staff().await.get(&settings).await.is(200).body, made.body);
    let evening = api_client.send("GET", &path).await.is(200);
    assert_eq!(
        (evening.text_at("/state"), evening.text_at("/booking_state")),
        ("draft".into(), "open".into())
    );
    assert_eq!(evening.text_at("/starts_at"), "2026-12-10T16:00:00Z");
    let count = classes.len();
    let summary =
        format!("Added Winter Evening, 10 December 2026 16:00 to 18:00, {count} classes.");
    assert_eq!(audit_log(&school).await, [("evening_added".to_owned(), "MIS".to_owned(), summary)]);
}

#[tokio::test]
async fn only_the_office_and_scoped_api_clients_set_up_evenings() {
    let school = School::start().await;
    let office = school.staff().await;
    let path = draft(&office).await;
    let other_school = school.other_school().await;
    let lines: [(&str, String, Option<Value>); 6] = [
        ("POST", "/evenings".to_owned(), Some(winter_with(&json!({ "name": "other" })))),
        ("PATCH", path.clone(), Some(json!({ "title": "Mine" }))),
        ("POST", format!("{path}/publish"), None),
        ("POST", format!("{path}/close"), None),
        ("DELETE", path.clone(), None),
        ("GET", format!("{path}/settings"), None),
    ];
    let reader = school.api_client(&["evenings:read", "bookings:read"]).await;
    let writer = school.api_client(&["evenings:write"]).await;
    for (method, line, body) in lines {
        let request = |request: reqwest::RequestBuilder| match &body {
            Some(body) => request.json(body),
            None => request,
        };
        let nobody = school.nobody();
        nobody
            .send(method, &line, request(nobody.request(method, &line)))
            .await
            .refuses(401, "not_logged_in");
        nobody
            .send(method, &line, request(nobody.request(method, &line).bearer_auth("x")))
            .await
            .refuses(401, "token_invalid");
        for actor in [
            school.parent().await,
            school.teacher().await,
            other_school.parent.clone(),
            other_school.teacher.clone(),
        ] {
            actor
                .send(method, &line, request(actor.request(method, &line)))
                .await
                .refuses(403, "wrong_role");
        }
        let without = if method == "GET" { &writer } else { &reader };
        let answer = nobody
            .send(method, &line, request(without.request(method, &line)))
            .await
            .refuses(403, "scope_missing");
        let scope = if method == "GET" { "evenings:read" } else { "evenings:write" };
        assert!(answer.header("www-authenticate").unwrap().contains(scope), "{method} {line}");
        if line != "/evenings" {
            let theirs = &other_school.staff;
            theirs
                .send(method, &line, request(theirs.request(method, &line)))
                .await
                .refuses(404, "not_found");
        }
    }
    let settings = office.get(&format!("{path}/settings")).await.is(200);
    assert_eq!(
        (settings.text_at("/title"), settings.text_at("/state")),
        ("Winter Evening".into(), "draft".into())
    );
    // Names are unique within a school: another school may use the name, and it can't use a class
    // of this school.
    let theirs = other_school.staff.post("/evenings", winter()).await.refuses(422, "invalid");
    assert_eq!(theirs.text_at("/errors/0/field"), "classes[0]");
    other_school
        .staff
        .post("/evenings", winter_with(&json!({ "classes": [{ "all": true }] })))
        .await
        .is(201);
}

#[tokio::test]
async fn each_validation_error_names_its_field() {
    let school = School::start().await;
    let office = school.staff().await;
    let check = async |fields: Value, field: &str, code: &str, part: &str| {
        let refused = office.post("/evenings", winter_with(&fields)).await.refuses(422, "invalid");
        assert_eq!(
            (refused.text_at("/errors/0/field"), refused.text_at("/errors/0/code")),
            (field.to_owned(), code.to_owned()),
            "{}",
            refused.text
        );
        assert!(refused.text_at("/errors/0/detail").contains(part), "{}", refused.text);
    };
    check(json!({ "name": "" }), "name", "length", "from 1 to 100").await;
    check(json!({ "name": "  " }), "name", "format", "Give 1 to 100 characters").await;
    check(json!({ "title": "x".repeat(101) }), "title", "length", "from 1 to 100").await;
    check(json!({ "title": "two\nlines" }), "title", "format", "without control characters").await;
    check(json!({ "date": "10/12/2026" }), "date", "format", "like 2026-11-26").await;
    check(
        json!({
            "date": "2026-11-20",
            "booking": { "opens": "2026-11-01T08:00", "closes": "2026-11-20T12:00" },
        }),
        "date",
        "past",
        "was over",
    )
    .await;
    check(json!({ "date": "+12026-12-10" }), "date", "format", "like 2026-11-26").await;
    check(json!({ "starts": "4 pm" }), "starts", "format", "like 16:00").await;
    check(json!({ "ends": "15:00" }), "ends", "order", "later than starts").await;
    check(json!({ "ends": "16:05" }), "ends", "order", "No slot fits").await;
    check(json!({ "time_zone": "Mars" }), "time_zone", "format", "Europe/London").await;
    check(json!({ "slot_minutes": 0 }), "slot_minutes", "range", "1 to 120").await;
    check(json!({ "slot_minutes": 4_000_000_000_u32 }), "slot_minutes", "range", "1 to 120").await;
    check(json!({ "gap_seconds": 90 }), "gap_seconds", "range", "whole minutes").await;
    check(json!({ "capacity": 6 }), "capacity", "range", "2 to 5").await;
    check(
        json!({ "booking": { "opens": "soon", "closes": "2026-12-10T12:00" } }),
        "booking.opens",
        "format",
        "without an offset",
    )
    .await;
    check(
        json!({ "booking": { "opens": "2026-12-10T12:00", "closes": "2026-12-10T12:00" } }),
        "booking.closes",
        "order",
        "later than booking.opens",
    )
    .await;
    check(
        json!({ "booking": { "opens": "2026-12-10T12:00", "closes": "2026-12-10T19:00" } }),
        "booking.closes",
        "order",
        "the end of the evening",
    )
    .await;
    check(
        json!({ "date": "2027-03-28", "starts": "01:30", "ends": "18:00" }),
        "starts",
        "no_such_time",
        "clocks go forward",
    )
    .await;
    check(json!({ "classes": [] }), "classes", "length", "from 1 to 100").await;
    check(json!({ "classes": [{}] }), "classes[0]", "required", "Chooses nothing").await;
    check(
        json!({ "classes": [{ "all": true }, { "ids": ["x"] }] }),
        "classes[1].ids",
        "unknown",
        "No class \"x\"",
    )
    .await;
    check(
        json!({ "classes": [{ "all": true, "exclude_ids": ["x"] }] }),
        "classes[0].exclude_ids",
        "unknown",
        "No class \"x\"",
    )
    .await;
    check(
        json!({ "classes": [{ "subjects": ["Alchemy"] }] }),
        "classes[0].subjects",
        "unknown",
        "Alchemy",
    )
    .await;
    check(
        json!({ "classes": [{ "titles": ["Year 99*"] }] }),
        "classes[0]",
        "no_class",
        "No class matches",
    )
    .await;
    check(
        json!({ "classes": [{ "all": true, "ids": ["9b-music"] }] }),
        "classes[0]",
        "contradiction",
        "every class",
    )
    .await;
    check(
        json!({ "classes": [{ "titles": ["Year 9 *"], "meet": "in_person" }] }),
        "classes[0].meet",
        "contradiction",
        "mode is video",
    )
    .await;
    check(json!({ "mode": "hybrid" }), "classes[0].meet", "required", "hybrid").await;
    // Requests of the wrong shape.
    check(json!({ "colour": "red" }), "colour", "unknown", "There is no such field here").await;
    check(json!({ "mode": "fun" }), "mode", "wrong_shape", "Give one of").await;
    let mut less = winter();
    less.as_object_mut().unwrap().remove("ends");
    let refused = office.post("/evenings", less).await.refuses(422, "invalid");
    assert_eq!(refused.text_at("/errors/0/field"), "ends");
    let broken =
        office.request("POST", "/evenings").header("content-type", "application/json").body("{");
    office.send("POST", "/evenings", broken).await.refuses(400, "malformed_json");
    let form = office.request("POST", "/evenings").form(&[("name", "winter")]);
    office.send("POST", "/evenings", form).await.refuses(415, "unsupported_media_type");
    // None of the refused requests created anything.
    assert!(audit_log(&school).await.is_empty());
    office.post("/evenings", winter()).await.is(201);
    office.post("/evenings", winter()).await.refuses(409, "evening_name_taken");
}

#[tokio::test]
async fn left_out_classes_are_reported_with_reason() {
    let school = School::start().await;
    let line = |id: &str, title: &str| {
        format!(
            "{id},active,2026-09-01T06:00:00.000Z,{title},,science,X,scheduled,,hillcrest,year,,,"
        )
    };
    Roster::demo().add("classes.csv", &line("9-empty", "Year 9 Empty")).import(&school).await;
    let office = school.staff().await;
    let made = office
        .post(
            "/evenings",
            winter_with(&json!({
                "mode": "hybrid",
                "classes": [{ "titles": ["Year 9 *"], "meet": "in_person" }],
            })),
        )
        .await
        .is(201);
    let left_out = made.list("/left_out");
    assert_eq!(left_out.len(), 1, "{left_out:?}");
    assert_eq!(
        (&left_out[0]["sourced_id"], &left_out[0]["reason"]),
        (&json!("9-empty"), &json!("no_teachers"))
    );
    assert!(
        made.list("/classes")
            .iter()
            .all(|class| class["video"] == false && class["sourced_id"] != "9-empty")
    );
    let path = format!("/evenings/{}", made.text_at("/id"));
    let changed = office.patch(&path, json!({ "title": "Winter" })).await.is(200);
    assert_eq!(changed.list("/left_out"), left_out, "classes that are left out stay listed");
    let chosen = office
        .patch(&path, json!({ "classes": [{ "ids": ["9b-music"], "meet": "video" }] }))
        .await
        .is(200);
    assert!(chosen.list("/left_out").is_empty());
    assert_eq!(chosen.list("/classes").len(), 1);
}

#[tokio::test]
async fn creating_an_evening_is_idempotent() {
    let school = School::start().await;
    let office = school.staff().await;
    let api_client = school.api_client(&["evenings:read", "evenings:write"]).await;
    let first = api_client.post_with_idempotency_key("/evenings", "one", winter()).await.is(201);
    let again = api_client.post_with_idempotency_key("/evenings", "one", winter()).await.is(201);
    assert_eq!((&again.body, again.header("location")), (&first.body, first.header("location")));
    api_client
        .post_with_idempotency_key("/evenings", "one", winter_with(&json!({ "title": "Other" })))
        .await
        .refuses(409, "idempotency_key_reused");
    // Idempotency keys belong to their sender: the same key of another sender is another key.
    office
        .post_with_idempotency_key("/evenings", "one", winter())
        .await
        .refuses(409, "evening_name_taken");
    // The key of a refused request can be used again.
    let named = winter_with(&json!({ "name": "spring" }));
    api_client
        .post_with_idempotency_key("/evenings", "two", winter())
        .await
        .refuses(409, "evening_name_taken");
    api_client.post_with_idempotency_key("/evenings", "two", named).await.is(201);
    // Once the evening has been deleted, a retry does not bring it back.
    let path = format!("/evenings/{}", first.text_at("/id"));
    api_client.send("DELETE", &path).await.is(204);
    api_client
        .post_with_idempotency_key("/evenings", "one", winter())
        .await
        .refuses(404, "not_found");
    api_client
        .post_with_idempotency_key("/evenings", "no\u{e9}", winter())
        .await
        .refuses(400, "bad_request");
}
