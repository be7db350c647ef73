//! Tests of the outcome of each row of a push.

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use parlour::schema::people;
use serde_json::{Value, json};

use super::{RosterClient, class, enrolment_rows, errors, family, link, outcomes, person, seen};
use crate::harness::{Roster, School};

#[tokio::test]
async fn pushing_a_family_twice_changes_nothing() {
    let school = School::start().await;
    let api_client = RosterClient::of(&school).await;
    let parent_and_teacher = [
        link(
            "p-208",
            "s-104",
            json!({ "relationship": "Mother", "priority": 1, "lives_with": true }),
        ),
        link("t-7", "s-104", json!({ "relationship": "Father" })),
    ];
    for expected in ["added", "unchanged"] {
        assert_eq!(api_client.push("people", family()).await, [expected; 3]);
        assert_eq!(api_client.push("classes", [class()]).await, [expected]);
        assert_eq!(api_client.push("enrolments", enrolment_rows()).await, [expected; 2]);
        assert_eq!(
            api_client.push("guardianships", parent_and_teacher.clone()).await,
            [expected; 2]
        );
    }
    let office = school.staff().await;
    assert_eq!(seen(&school, &office, "p-208").await, (true, false));
    // A teacher with a child is also a parent, because of the relationship, and keeps both roles
    // after later pushes.
    assert_eq!(seen(&school, &office, "t-7").await, (true, false));
    let mut renamed = family();
    renamed[2]["family_name"] = json!("Frey-Marsh");
    assert_eq!(api_client.push("people", renamed).await, ["unchanged", "unchanged", "changed"]);
    let leo = person(&school, "t-7").await;
    assert!(leo.is_teacher && leo.is_parent, "{leo:?}");
    // People whom the client has not pushed are unchanged.
    assert_eq!(Roster::demo().import(&school).await.changes.people.changed, 0);
}

#[tokio::test]
async fn removal_by_push_removes_dependent_rows() {
    let school = School::start().await;
    let api_client = RosterClient::of(&school).await;
    api_client.push("people", family()).await;
    api_client.push("classes", [class()]).await;
    api_client.push("enrolments", enrolment_rows()).await;
    api_client.push("guardianships", [link("p-208", "s-104", json!({}))]).await;
    let gone = |mut row: Value| {
        row["remove"] = json!(true);
        row
    };
    for expected in ["removed", "unchanged"] {
        assert_eq!(
            api_client.push("enrolments", [gone(enrolment_rows()[1].clone())]).await,
            [expected]
        );
        assert_eq!(
            api_client.push("guardianships", [gone(link("p-208", "s-104", json!({})))]).await,
            [expected]
        );
    }
    assert_eq!(
        api_client.push("enrolments", [enrolment_rows()[1].clone()]).await,
        ["added"],
        "it is back"
    );
    assert_eq!(
        api_client.push("guardianships", [link("p-208", "s-104", json!({}))]).await,
        ["added"]
    );
    // A removal needs only the ids.
    for expected in ["removed", "unchanged"] {
        assert_eq!(
            api_client.push("people", [json!({ "sourced_id": "s-104", "remove": true })]).await,
            [expected]
        );
        assert_eq!(
            api_client.push("classes", [json!({ "sourced_id": "c-9b", "remove": true })]).await,
            [expected]
        );
    }
    let refused = api_client
        .put("/roster/guardianships", json!({ "items": [link("p-208", "s-104", json!({}))] }))
        .await
        .is(200);
    assert_eq!(errors(&refused), [("student_sourced_id".to_owned(), "unknown_person".to_owned())]);
    assert_eq!(api_client.push("people", family()).await, ["added", "unchanged", "unchanged"]);
    let rows = school
        .read(|db| {
            Ok(people::table
                .filter(people::sourced_id.eq("s-104"))
                .count()
                .get_result::<i64>(db)?)
        })
        .await;
    assert_eq!(rows, 1, "a person who comes back keeps the same row");
}

#[tokio::test]
async fn invalid_row_is_refused_alone() {
    let school = School::start().await;
    let api_client = RosterClient::of(&school).await;
    let check = async |kind: &str, row: Value, field: &str, code: &str| {
        let answer =
            api_client.put(&format!("/roster/{kind}"), json!({ "items": [row] })).await.is(200);
        assert_eq!(
            (outcomes(&answer), errors(&answer)),
            (vec!["refused".to_owned()], vec![(field.to_owned(), code.to_owned())]),
            "{}",
            answer.text
        );
        assert_eq!(answer.body["counts"]["refused"], 1);
    };
    api_client.push("people", family()).await;
    api_client.push("classes", [class()]).await;
    let with = |field: &str, value: Value| {
        let mut row = family()[1].clone();
        row[field] = value;
        row
    };
    check("people", json!({ "roles": ["parent"], "given_name": "A" }), "sourced_id", "required")
        .await;
    check("people", json!("nobody"), "body", "wrong_shape").await;
    check("people", with("sourced_id", json!(" ")), "sourced_id", "required").await;
    check("people", with("sourced_id", json!("x".repeat(256))), "sourced_id", "length").await;
    check("people", with("sourced_id", json!("a\u{0}b")), "sourced_id", "format").await;
    check("people", with("email", json!(5)), "email", "wrong_shape").await;
    check("people", with("colour", json!("red")), "colour", "unknown").await;
    check("people", with("roles", json!([])), "roles", "required").await;
    check("people", with("roles", json!(["parent, student"])), "roles", "format").await;
    check("people", json!({ "sourced_id": "x", "roles": ["parent"] }), "family_name", "required")
        .await;
    check("classes", json!({ "sourced_id": "x" }), "title", "required").await;
    let place = |class: &str, person: &str, role: &str| {
        json!({
            "class_sourced_id": class,
            "person_sourced_id": person,
            "role": role,
        })
    };
    check("enrolments", place("none", "s-104", "student"), "class_sourced_id", "unknown_class")
        .await;
    check("enrolments", place("c-9b", "none", "student"), "person_sourced_id", "unknown_person")
        .await;
    check("enrolments", place("c-9b", "s-104", "aide"), "role", "unknown_role").await;
    check("enrolments", place("c-9b", "p-208", "teacher"), "role", "wrong_kind").await;
    let mut wrong_day = place("c-9b", "s-104", "student");
    wrong_day["begins_on"] = json!("1 September");
    check("enrolments", wrong_day, "begins_on", "wrong_shape").await;
    check("guardianships", link("none", "s-104", json!({})), "parent_sourced_id", "unknown_person")
        .await;
    check(
        "guardianships",
        link("p-208", "none", json!({})),
        "student_sourced_id",
        "unknown_person",
    )
    .await;
    check("guardianships", link("p-208", "t-7", json!({})), "student_sourced_id", "wrong_kind")
        .await;
    check("guardianships", link("s-104", "s-104", json!({})), "student_sourced_id", "wrong_kind")
        .await;
    check(
        "guardianships",
        link("p-208", "s-104", json!({ "contact_allowed": "no" })),
        "contact_allowed",
        "wrong_shape",
    )
    .await;
    // A client that has no value must omit the field: null might mean that the value is unknown.
    check(
        "guardianships",
        link("p-208", "s-104", json!({ "contact_allowed": null })),
        "contact_allowed",
        "wrong_shape",
    )
    .await;
    check(
        "people",
        json!(["x", ["parent"], "Mr", "A", "B", "a@example.org", false]),
        "body",
        "wrong_shape",
    )
    .await;
    check(
        "guardianships",
        link("p-208", "s-104", json!({ "priority": -1 })),
        "priority",
        "wrong_shape",
    )
    .await;

    // Bad rows between good ones, and a duplicate.
    let mut rows = vec![
        json!({}),
        place("c-9b", "s-104", "student"),
        place("none", "s-104", "student"),
        place("c-9b", "s-104", "student"),
    ];
    rows.push(enrolment_rows()[1].clone());
    let answer = api_client.put("/roster/enrolments", json!({ "items": rows })).await.is(200);
    assert_eq!(outcomes(&answer), ["refused", "added", "refused", "refused", "added"]);
    assert_eq!(
        errors(&answer).last().unwrap(),
        &("person_sourced_id".to_owned(), "duplicate_row".to_owned())
    );
    assert_eq!(
        (
            answer.text_at("/items/1/person_sourced_id"),
            answer.body["items"][0]["person_sourced_id"].is_null()
        ),
        ("s-104".to_owned(), true)
    );
    assert_eq!(
        answer.body["counts"],
        json!({ "added": 2, "changed": 0, "removed": 0, "unchanged": 0, "refused": 3 })
    );
    for (kind, row) in [
        ("people", family()[0].clone()),
        ("classes", class()),
        ("guardianships", link("p-208", "s-104", json!({}))),
    ] {
        let answer = api_client
            .put(&format!("/roster/{kind}"), json!({ "items": [row, row] }))
            .await
            .is(200);
        assert_eq!(
            (outcomes(&answer)[1].as_str(), errors(&answer)[0].1.as_str()),
            ("refused", "duplicate_row"),
            "{kind}"
        );
    }

    // Values that can't be understood are reported, and the rest of the row is used.
    let mut odd = family()[1].clone();
    (odd["email"], odd["roles"]) = (json!("dora"), json!(["parent", "wizard"]));
    let answer = api_client.put("/roster/people", json!({ "items": [odd] })).await.is(200);
    let codes: Vec<&str> = answer.body["items"][0]["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["code"].as_str().unwrap())
        .collect();
    assert_eq!(
        (outcomes(&answer), codes),
        (vec!["changed".to_owned()], vec!["email_invalid", "unknown_role"])
    );
}
