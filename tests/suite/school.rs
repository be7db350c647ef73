//! Tests of a school's contact details, and of browsers' reports when the web app does not start.

use chrono::TimeDelta;
use serde_json::json;

use crate::harness::School;

#[actix_web::test]
async fn staff_set_the_school_contact() {
    let school = School::start().await;
    let (office, nobody) = (school.staff().await, school.nobody());
    let before = nobody.get("/school").await.is(200);
    assert!(
        ["/phone", "/email", "/office_hours"]
            .iter()
            .all(|field| before.body.pointer(field).is_none()),
        "the school has no contact yet"
    );

    let said = json!({
        "phone": " 020 7946 0000 ",
        "email": "Office@Hillcrest.Example.org",
        "office_hours": "Monday to Friday, 8:00 to 16:00",
    });
    office.patch("/school", said).await.is(200);
    let school_now = nobody.get("/school").await.is(200);
    assert_eq!(school_now.text_at("/phone"), "020 7946 0000");
    assert_eq!(school_now.text_at("/email"), "Office@hillcrest.example.org");
    assert_eq!(school_now.text_at("/office_hours"), "Monday to Friday, 8:00 to 16:00");

    // Omitted fields stay, and an empty text clears a field.
    office.patch("/school", json!({ "phone": "" })).await.is(200);
    let without = nobody.get("/school").await.is(200);
    assert!(without.body.pointer("/phone").is_none());
    assert_eq!(without.text_at("/email"), "Office@hillcrest.example.org");
    office.patch("/school", json!({})).await.is(200);
    school
        .parent()
        .await
        .patch("/school", json!({ "phone": "020 7946 0001" }))
        .await
        .refuses(403, "wrong_role");
    nobody
        .patch("/school", json!({ "phone": "020 7946 0001" }))
        .await
        .refuses(401, "not_logged_in");
}

#[actix_web::test]
async fn invalid_school_contact_is_refused() {
    let school = School::start().await;
    let office = school.staff().await;
    let check = async |field: &str, value: &str| {
        let answer = office.patch("/school", json!({ field: value })).await.refuses(422, "invalid");
        assert_eq!(answer.list("/errors")[0]["field"], field, "{value}");
    };
    check("phone", "ask at the gate").await;
    check("phone", &"1".repeat(41)).await;
    check("email", "office").await;
    check("office_hours", "Monday\nTuesday").await;
    check("office_hours", &"x".repeat(121)).await;
    assert!(
        office.get("/school").await.is(200).body.pointer("/phone").is_none(),
        "a refused value is not stored"
    );
}

#[actix_web::test]
async fn client_error_reports_are_rate_limited() {
    let school = School::start().await;
    let nobody = school.nobody();
    for _ in 0..30 {
        nobody.post("/client_errors", json!({ "kind": "webassembly_failed" })).await.is(204);
    }
    let refused = nobody
        .post("/client_errors", json!({ "kind": "webassembly_failed" }))
        .await
        .refuses(429, "too_many_requests");
    assert!(refused.header("retry-after").is_some());
    school.advance_clock(TimeDelta::minutes(1));
    nobody.post("/client_errors", json!({ "kind": "too_slow" })).await.is(204);
    nobody.post("/client_errors", json!({ "kind": "rachel.aaron@example.org" })).await.is(422);
    nobody
        .post("/client_errors", json!({ "kind": "too_slow", "name": "Rachel" }))
        .await
        .refuses(422, "invalid");
}
