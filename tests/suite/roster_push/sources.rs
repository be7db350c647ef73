//! Tests of provenance: the source that set each value last, as the office sees it.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{RosterClient, class, enrolment_rows, family, link, person};
use crate::harness::{Actor, Roster, School};

/// The sources at a pointer in the office's view of a parent: kind, name and time by field.
pub(super) async fn provenance(
    school: &School,
    office: &Actor,
    parent: &'static str,
    at: &str,
) -> BTreeMap<String, (String, String, String)> {
    let parent =
        office.get(&format!("/parents/{}", person(school, parent).await.id().0)).await.is(200);
    let list = parent.body.pointer(at).and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |source: &Value, name: &str| source[name].as_str().unwrap().to_owned();
    list.iter()
        .map(|source| {
            (
                text(source, "field"),
                (text(source, "kind"), text(source, "name"), text(source, "at")),
            )
        })
        .collect()
}

/// The fields and the kinds of their sources, as one line of text.
async fn provenance_kinds(
    school: &School,
    office: &Actor,
    parent: &'static str,
    at: &str,
) -> String {
    let told = provenance(school, office, parent, at).await;
    told.iter().map(|(field, (kind, ..))| format!("{field} {kind}")).collect::<Vec<_>>().join(", ")
}

#[tokio::test]
async fn provenance_names_the_last_source_per_value() {
    let school = School::start().await;
    let (api_client, office) = (RosterClient::of(&school).await, school.staff().await);
    let before = provenance(&school, &office, "p-rachel-aaron", "/sources").await;
    assert_eq!(
        before.keys().collect::<Vec<_>>(),
        ["email", "family_name", "given_name", "honorific", "roles"]
    );
    assert!(before.values().all(|(kind, name, _)| kind == "file" && name == "demo"), "{before:?}");
    Roster::demo().import(&school).await;
    assert_eq!(
        provenance(&school, &office, "p-rachel-aaron", "/sources").await,
        before,
        "files with the same values change no source"
    );
    // The push changes one value and repeats the others.
    school.advance_clock(TimeDelta::minutes(1));
    let row = json!({
        "sourced_id": "p-rachel-aaron",
        "roles": ["parent"],
        "honorific": "Mrs",
        "given_name": "Rachel",
        "family_name": "Aaron",
        "email": "rachel@example.com",
    });
    api_client.push("people", [row.clone()]).await;
    let after = provenance(&school, &office, "p-rachel-aaron", "/sources").await;
    let changed: Vec<&String> =
        after.keys().filter(|field| after[*field] != before[*field]).collect();
    assert_eq!(changed, ["email"]);
    assert_eq!((after["email"].0.as_str(), after["email"].1.as_str()), ("program", "Arbor"));
    school.advance_clock(TimeDelta::minutes(1));
    assert_eq!(api_client.push("people", [row]).await, ["unchanged"]);
    assert_eq!(
        provenance(&school, &office, "p-rachel-aaron", "/sources").await,
        after,
        "a push with the same values changes no source"
    );
    // Staff allow a grandmother contact.
    let of_link = async || provenance(&school, &office, "p-046", "/students/0/sources").await;
    assert_eq!(of_link().await["contact_allowed"].0, "file");
    let path = format!(
        "/parents/{}/allowed_students/{}",
        person(&school, "p-046").await.id().0,
        person(&school, "s-9027").await.id().0
    );
    office.send("PUT", &path, office.request("PUT", &path)).await.is(200);
    assert_eq!(
        (
            of_link().await["contact_allowed"].0.as_str(),
            of_link().await["contact_allowed"].1.as_str()
        ),
        ("staff", "Helen Okafor")
    );
    // A push explicitly withdraws contact.
    api_client
        .push(
            "guardianships",
            [link(
                "p-046",
                "s-9027",
                json!({
                    "relationship": "Grandmother",
                    "priority": 2,
                    "lives_with": false,
                    "contact_allowed": false,
                }),
            )],
        )
        .await;
    assert_eq!(
        provenance_kinds(&school, &office, "p-046", "/students/0/sources").await,
        "contact_allowed program, lives_with file, priority file, relationship file"
    );
    // The list of parents does not contain sources.
    assert!(!office.get("/parents").await.is(200).text.contains("sources"));
    school.ignore_mail("access.rs tests the mails about lost access");
}

#[tokio::test]
async fn only_explicit_values_have_provenance() {
    let school = School::start().await;
    let (api_client, office) = (RosterClient::of(&school).await, school.staff().await);
    let mut rows = family();
    rows[1] = json!({ "sourced_id": "p-208", "roles": ["parent"], "family_name": "Marsh" });
    api_client.push("people", rows).await;
    api_client.push("guardianships", [link("p-208", "s-104", json!({}))]).await;
    assert_eq!(
        provenance_kinds(&school, &office, "p-208", "/sources").await,
        "family_name program, roles program"
    );
    // The relationship gives the contact's role, and contact follows from the role.
    assert_eq!(
        provenance_kinds(&school, &office, "p-208", "/students/0/sources").await,
        "contact_allowed program, relationship program"
    );
    let said = json!({
        "items": [
            link(
                "p-208",
                "s-104",
                json!({ "relationship": "Mother", "priority": 1, "court_order": false }),
            )
        ]
    });
    office.put("/roster/guardianships", said).await.is(200);
    assert_eq!(
        provenance_kinds(&school, &office, "p-208", "/students/0/sources").await,
        "contact_allowed program, priority staff, relationship staff",
        "an unchanged court_order keeps no source"
    );
    // Clearing or filling in a value makes the sender its source.
    let row = json!({
        "sourced_id": "p-208",
        "roles": ["parent"],
        "given_name": "Dora",
        "email": "dora@example.org",
    });
    office.put("/roster/people", json!({ "items": [row] })).await.is(200);
    assert_eq!(
        provenance_kinds(&school, &office, "p-208", "/sources").await,
        "email staff, family_name staff, given_name staff, roles program"
    );
}

#[tokio::test]
async fn restoring_a_row_takes_over_its_provenance() {
    let school = School::start().await;
    let (api_client, office) = (RosterClient::of(&school).await, school.staff().await);
    api_client.push("people", family()).await;
    let row = link("p-208", "s-104", json!({ "relationship": "Mother", "court_order": false }));
    api_client.push("guardianships", [row.clone()]).await;
    api_client.push("guardianships", [link("p-208", "s-104", json!({ "remove": true }))]).await;
    office.put("/roster/guardianships", json!({ "items": [row] })).await.is(200);
    assert_eq!(
        provenance_kinds(&school, &office, "p-208", "/students/0/sources").await,
        "contact_allowed staff, court_order staff, relationship staff"
    );
}

#[tokio::test]
async fn office_sees_the_provenance_of_enrolments() {
    let school = School::start().await;
    let (api_client, office) = (RosterClient::of(&school).await, school.staff().await);
    api_client.push("people", family()).await;
    api_client.push("guardianships", [link("p-208", "s-104", json!({}))]).await;
    let parent = format!("/parents/{}", person(&school, "p-208").await.id().0);
    assert!(office.get(&parent).await.is(200).body["students"][0]["classes"].is_null(), "none yet");
    api_client.push("classes", [class()]).await;
    api_client.push("enrolments", enrolment_rows()).await;
    let seen = office.get(&parent).await.is(200);
    let classes = seen.list("/students/0/classes");
    assert_eq!(classes.len(), 1);
    let names = ["sourced_id", "title", "subject"].map(|name| classes[0][name].as_str().unwrap());
    assert_eq!(
        (names, &classes[0]["teachers"][0]["name"]),
        (["c-9b", "9B Science", "Science"], &json!("Leo Frey"))
    );
    let of = async |what: &str| {
        provenance_kinds(&school, &office, "p-208", &format!("/students/0/classes/0/{what}")).await
    };
    assert_eq!(of("sources").await, "code program, subject program, title program");
    assert_eq!(of("place_sources").await, "begins_on program, role program");
    assert_eq!(of("teachers/0/sources").await, "ends_on program, is_primary program, role program");
    // Staff set a last day for the enrolment; the other fields keep their source.
    let mut place = enrolment_rows()[0].clone();
    place["ends_on"] = json!("2027-07-01");
    assert_eq!(push_as(&office, "enrolments", place.clone()).await, "changed");
    assert_eq!(push_as(&office, "enrolments", place.clone()).await, "unchanged");
    assert_eq!(of("place_sources").await, "begins_on program, ends_on staff, role program");
    // The sender that brings an enrolment back becomes its source.
    api_client
        .push(
            "enrolments",
            [json!({
                "class_sourced_id": "c-9b",
                "person_sourced_id": "s-104",
                "role": "student",
                "remove": true,
            })],
        )
        .await;
    assert!(
        office.get(&parent).await.is(200).body["students"][0]["classes"].is_null(),
        "it is gone"
    );
    assert_eq!(push_as(&office, "enrolments", place).await, "added");
    assert_eq!(of("place_sources").await, "begins_on staff, ends_on staff, role staff");
    // Files without the class remove it.
    Roster::demo().import(&school).await;
    office.get(&parent).await.refuses(404, "not_found");
    school.ignore_mail("access.rs tests the mails about lost access");
}

/// Pushes a row as staff and returns its outcome.
async fn push_as(office: &Actor, kind: &str, row: Value) -> String {
    office
        .put(&format!("/roster/{kind}"), json!({ "items": [row] }))
        .await
        .is(200)
        .text_at("/items/0/outcome")
}

#[tokio::test]
async fn provenance_of_file_classes_is_visible_only_to_the_office() {
    let school = School::start().await;
    let office = school.staff().await;
    assert_eq!(
        provenance_kinds(&school, &office, "p-rachel-aaron", "/students/2/classes/0/sources").await,
        "code file, subject file, title file"
    );
    assert!(
        provenance_kinds(&school, &office, "p-rachel-aaron", "/students/2/classes/0/place_sources")
            .await
            .contains("role file")
    );
    assert!(
        !office.get("/parents").await.is(200).text.contains("\"classes\""),
        "the list has no sources"
    );
    let path = format!("/parents/{}", school.people.parent.0);
    for actor in [school.parent().await, school.teacher().await] {
        actor.get(&path).await.refuses(403, "wrong_role");
    }
    school.guest().await.get(&path).await.refuses(401, "not_logged_in");
    let api_client = RosterClient::of(&school).await;
    api_client
        .actor
        .send("GET", &path, api_client.actor.request("GET", &path).bearer_auth(&api_client.token))
        .await
        .refuses(401, "not_logged_in");
}
