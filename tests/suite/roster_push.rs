//! Rosters that programs push: the rules of an import, row by row, and at one school alone.

use std::{
    collections::BTreeMap,
    sync::{Mutex, mpsc},
};

use chrono::TimeDelta;
use futures_util::future::join;
use parlour::{
    roster::{ImportOptions, remote::Version},
    schema::{self, bars, events, people},
    store::{
        Db,
        bookings::{self, Acting, NewBooking},
        evenings,
        events::Actor as Acts,
        sql_types::{At, Key},
    },
};
use serde_json::{Value, json};

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl, SelectableHelper};
use parlour::store::people::PersonRow;

use crate::harness::{Actor, Answer, Roster, School, provider::Provider, until, wishes};

const PATHS: [&str; 4] = ["/roster/people", "/roster/classes", "/roster/enrolments", "/roster/guardianships"];

/// The school's MIS, with its token.
struct Program {
    actor: Actor,
    token: String,
}

impl Program {
    async fn with(actor: Actor, office: &Actor, scopes: &[&str]) -> Self {
        let made = office.post("/clients", json!({ "name": "Arbor", "scopes": scopes, "requests_per_minute": 6000 })).await.is(201);
        let (id, secret) = (made.text_at("/client/id"), made.text_at("/client_secret"));
        let form = [("grant_type", "client_credentials"), ("client_id", &id), ("client_secret", &secret)];
        let token = actor.send("POST", "/oauth/token", actor.request("POST", "/oauth/token").form(&form)).await.is(200).text_at("/access_token");
        Self { actor, token }
    }

    async fn of(school: &School) -> Self {
        Self::with(school.nobody(), &school.staff().await, &["roster:write"]).await
    }

    async fn put(&self, path: &str, body: Value) -> Answer {
        self.actor.send("PUT", path, self.actor.request("PUT", path).bearer_auth(&self.token).json(&body)).await
    }

    /// Pushes rows, and gives out what became of each.
    async fn push(&self, kind: &str, rows: impl Into<Vec<Value>>) -> Vec<String> {
        outcomes(&self.put(&format!("/roster/{kind}"), json!({ "items": rows.into() })).await.is(200))
    }
}

fn outcomes(answer: &Answer) -> Vec<String> {
    answer.list("/items").iter().map(|row| row["outcome"].as_str().unwrap().to_owned()).collect()
}

/// Each row's errors, as field and code.
fn errors(answer: &Answer) -> Vec<(String, String)> {
    let rows = answer.list("/items");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    rows.iter().flat_map(|row| row["errors"].as_array().cloned().unwrap_or_default()).map(|error| (text(&error["field"]), text(&error["code"]))).collect()
}

fn family() -> [Value; 3] {
    [
        json!({ "sourced_id": "s-104", "roles": ["student"], "given_name": "Ines", "family_name": "Marsh" }),
        json!({ "sourced_id": "p-208", "roles": ["parent"], "honorific": "Mrs", "given_name": "Dora", "family_name": "Marsh", "email": "dora@example.org" }),
        json!({ "sourced_id": "t-7", "roles": ["teacher"], "given_name": "Leo", "family_name": "Frey", "email": "leo@example.org" }),
    ]
}

fn class() -> Value {
    json!({ "sourced_id": "c-9b", "title": "9B Science", "subject": "Science", "code": "9B" })
}

fn places() -> [Value; 2] {
    [
        json!({ "class_sourced_id": "c-9b", "person_sourced_id": "s-104", "role": "student", "begins_on": "2026-09-01" }),
        json!({ "class_sourced_id": "c-9b", "person_sourced_id": "t-7", "role": "teacher", "is_primary": true, "ends_on": "2026-10-01" }),
    ]
}

fn link(parent: &str, student: &str, mut row: Value) -> Value {
    (row["parent_sourced_id"], row["student_sourced_id"]) = (json!(parent), json!(student));
    row
}

async fn person(school: &School, sourced_id: &'static str) -> PersonRow {
    school.read(move |db| Ok(people::table.filter(people::sourced_id.eq(sourced_id)).select(PersonRow::as_select()).first(db)?)).await
}

/// How the office sees a parent's first student: contact allowed, and whether it may be.
async fn seen(school: &School, office: &Actor, parent: &'static str) -> (bool, bool) {
    let parent = office.get(&format!("/parents/{}", person(school, parent).await.id().0)).await.is(200);
    let linked = &parent.list("/students")[0];
    (linked["allowed"] == true, linked["can_allow"] == true)
}

#[tokio::test]
async fn a_family_comes_in_and_the_same_again_changes_nothing() {
    let school = School::start().await;
    let program = Program::of(&school).await;
    let parent_and_teacher = [
        link("p-208", "s-104", json!({ "relationship": "Mother", "priority": 1, "lives_with": true })),
        link("t-7", "s-104", json!({ "relationship": "Father" })),
    ];
    for expected in ["added", "unchanged"] {
        assert_eq!(program.push("people", family()).await, [expected; 3]);
        assert_eq!(program.push("classes", [class()]).await, [expected]);
        assert_eq!(program.push("enrolments", places()).await, [expected; 2]);
        assert_eq!(program.push("guardianships", parent_and_teacher.clone()).await, [expected; 2]);
    }
    let office = school.staff().await;
    assert_eq!(seen(&school, &office, "p-208").await, (true, false));
    // A teacher with a child is a parent, by what they are to the child, and stays a teacher and a parent whatever comes next of them.
    assert_eq!(seen(&school, &office, "t-7").await, (true, false));
    let mut renamed = family();
    renamed[2]["family_name"] = json!("Frey-Marsh");
    assert_eq!(program.push("people", renamed).await, ["unchanged", "unchanged", "changed"]);
    let leo = person(&school, "t-7").await;
    assert!(leo.is_teacher && leo.is_parent, "{leo:?}");
    // Nothing of those whom the program has not named has changed.
    assert_eq!(Roster::of_the_demo().import(&school).await.changes.people.changed, 0);
}

#[tokio::test]
async fn what_is_to_go_goes_with_all_that_hangs_on_it() {
    let school = School::start().await;
    let program = Program::of(&school).await;
    program.push("people", family()).await;
    program.push("classes", [class()]).await;
    program.push("enrolments", places()).await;
    program.push("guardianships", [link("p-208", "s-104", json!({}))]).await;
    let gone = |mut row: Value| {
        row["remove"] = json!(true);
        row
    };
    for expected in ["removed", "unchanged"] {
        assert_eq!(program.push("enrolments", [gone(places()[1].clone())]).await, [expected]);
        assert_eq!(program.push("guardianships", [gone(link("p-208", "s-104", json!({})))]).await, [expected]);
    }
    assert_eq!(program.push("enrolments", [places()[1].clone()]).await, ["added"], "it is back");
    assert_eq!(program.push("guardianships", [link("p-208", "s-104", json!({}))]).await, ["added"]);
    // The ids are enough.
    for expected in ["removed", "unchanged"] {
        assert_eq!(program.push("people", [json!({ "sourced_id": "s-104", "remove": true })]).await, [expected]);
        assert_eq!(program.push("classes", [json!({ "sourced_id": "c-9b", "remove": true })]).await, [expected]);
    }
    let refused = program.put("/roster/guardianships", json!({ "items": [link("p-208", "s-104", json!({}))] })).await.is(200);
    assert_eq!(errors(&refused), [("student_sourced_id".to_owned(), "unknown_person".to_owned())]);
    assert_eq!(program.push("people", family()).await, ["added", "unchanged", "unchanged"]);
    let rows = school.read(|db| Ok(people::table.filter(people::sourced_id.eq("s-104")).count().get_result::<i64>(db)?)).await;
    assert_eq!(rows, 1, "who comes back is who they were");
}

#[tokio::test]
async fn one_bad_row_never_costs_the_others() {
    let school = School::start().await;
    let program = Program::of(&school).await;
    let check = async |kind: &str, row: Value, field: &str, code: &str| {
        let answer = program.put(&format!("/roster/{kind}"), json!({ "items": [row] })).await.is(200);
        assert_eq!((outcomes(&answer), errors(&answer)), (vec!["refused".to_owned()], vec![(field.to_owned(), code.to_owned())]), "{}", answer.text);
        assert_eq!(answer.body["counts"]["refused"], 1);
    };
    program.push("people", family()).await;
    program.push("classes", [class()]).await;
    let with = |field: &str, value: Value| {
        let mut row = family()[1].clone();
        row[field] = value;
        row
    };
    check("people", json!({ "roles": ["parent"], "given_name": "A" }), "sourced_id", "required").await;
    check("people", json!("nobody"), "body", "wrong_shape").await;
    check("people", with("sourced_id", json!(" ")), "sourced_id", "required").await;
    check("people", with("sourced_id", json!("x".repeat(201))), "sourced_id", "length").await;
    check("people", with("sourced_id", json!("a\u{0}b")), "sourced_id", "format").await;
    check("people", with("email", json!(5)), "email", "wrong_shape").await;
    check("people", with("colour", json!("red")), "colour", "unknown").await;
    check("people", with("roles", json!([])), "roles", "required").await;
    check("people", with("roles", json!(["parent, student"])), "roles", "format").await;
    check("people", json!({ "sourced_id": "x", "roles": ["parent"] }), "family_name", "required").await;
    check("classes", json!({ "sourced_id": "x" }), "title", "required").await;
    let place = |class: &str, person: &str, role: &str| json!({ "class_sourced_id": class, "person_sourced_id": person, "role": role });
    check("enrolments", place("none", "s-104", "student"), "class_sourced_id", "unknown_class").await;
    check("enrolments", place("c-9b", "none", "student"), "person_sourced_id", "unknown_person").await;
    check("enrolments", place("c-9b", "s-104", "aide"), "role", "unknown_role").await;
    check("enrolments", place("c-9b", "p-208", "teacher"), "role", "wrong_kind").await;
    let mut wrong_day = place("c-9b", "s-104", "student");
    wrong_day["begins_on"] = json!("1 September");
    check("enrolments", wrong_day, "begins_on", "wrong_shape").await;
    check("guardianships", link("none", "s-104", json!({})), "parent_sourced_id", "unknown_person").await;
    check("guardianships", link("p-208", "none", json!({})), "student_sourced_id", "unknown_person").await;
    check("guardianships", link("p-208", "t-7", json!({})), "student_sourced_id", "wrong_kind").await;
    check("guardianships", link("s-104", "s-104", json!({})), "student_sourced_id", "wrong_kind").await;
    check("guardianships", link("p-208", "s-104", json!({ "contact_allowed": "no" })), "contact_allowed", "wrong_shape").await;
    // Who says nothing leaves it out: null might mean that it is not known.
    check("guardianships", link("p-208", "s-104", json!({ "contact_allowed": null })), "contact_allowed", "wrong_shape").await;
    check("people", json!(["x", ["parent"], "Mr", "A", "B", "a@example.org", false]), "body", "wrong_shape").await;
    check("guardianships", link("p-208", "s-104", json!({ "priority": -1 })), "priority", "wrong_shape").await;

    // Between good ones, and twice.
    let mut rows = vec![json!({}), place("c-9b", "s-104", "student"), place("none", "s-104", "student"), place("c-9b", "s-104", "student")];
    rows.push(places()[1].clone());
    let answer = program.put("/roster/enrolments", json!({ "items": rows })).await.is(200);
    assert_eq!(outcomes(&answer), ["refused", "added", "refused", "refused", "added"]);
    assert_eq!(errors(&answer).last().unwrap(), &("person_sourced_id".to_owned(), "duplicate_row".to_owned()));
    assert_eq!((answer.text_at("/items/1/person_sourced_id"), answer.body["items"][0]["person_sourced_id"].is_null()), ("s-104".to_owned(), true));
    assert_eq!(answer.body["counts"], json!({ "added": 2, "changed": 0, "removed": 0, "unchanged": 0, "refused": 3 }));
    for (kind, row) in [("people", family()[0].clone()), ("classes", class()), ("guardianships", link("p-208", "s-104", json!({})))] {
        let answer = program.put(&format!("/roster/{kind}"), json!({ "items": [row, row] })).await.is(200);
        assert_eq!((outcomes(&answer)[1].as_str(), errors(&answer)[0].1.as_str()), ("refused", "duplicate_row"), "{kind}");
    }

    // What can't be understood is told, and the rest is used.
    let mut odd = family()[1].clone();
    (odd["email"], odd["roles"]) = (json!("dora"), json!(["parent", "wizard"]));
    let answer = program.put("/roster/people", json!({ "items": [odd] })).await.is(200);
    let codes: Vec<&str> = answer.body["items"][0]["warnings"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect();
    assert_eq!((outcomes(&answer), codes), (vec!["changed".to_owned()], vec!["email_invalid", "unknown_role"]));
}

#[tokio::test]
async fn a_request_as_a_whole_has_its_bounds() {
    let school = School::start().await;
    let program = Program::of(&school).await;
    let row = |number: usize| json!({ "sourced_id": format!("s-{number:03}-pushed"), "roles": ["student"], "given_name": "Student", "family_name": format!("Number {number}") });
    let rows = |count: usize| json!({ "items": (0..count).map(row).collect::<Vec<_>>() });
    for path in PATHS {
        for (body, code) in
            [(rows(501), "length"), (rows(0), "length"), (json!({}), "required"), (json!({ "items": 5 }), "wrong_shape"), (json!([[{}]]), "wrong_shape")]
        {
            assert_eq!(program.put(path, body).await.refuses(422, "invalid").text_at("/errors/0/code"), code);
        }
        let actor = &program.actor;
        let raw = async |kind: &str, body: Vec<u8>| {
            actor.send("PUT", path, actor.request("PUT", path).bearer_auth(&program.token).header("content-type", kind).body(body)).await
        };
        raw("application/json", b"{".to_vec()).await.refuses(400, "malformed_json");
        raw("text/csv", b"a,b".to_vec()).await.refuses(415, "unsupported_media_type");
        let answer = raw("application/json", vec![b' '; 512 * 1024 + 1]).await.refuses(413, "too_large");
        assert!(answer.text_at("/detail").contains("512 KiB"), "{}", answer.text);
    }
    let answer = program.put("/roster/people", rows(500)).await.is(200);
    assert_eq!(answer.body["counts"]["added"], 500);
    assert_eq!(program.put("/roster/people", rows(500)).await.is(200).body["counts"]["unchanged"], 500);
}

#[tokio::test]
async fn only_a_program_with_the_scope_and_the_office_push() {
    let school = School::start().await;
    let without = Program::with(school.nobody(), &school.staff().await, &["evenings:read", "guests:read"]).await;
    for (path, body) in PATHS.into_iter().zip([family()[0].clone(), class(), places()[0].clone(), link("p-208", "s-104", json!({}))]) {
        let body = json!({ "items": [body] });
        without.put(path, body.clone()).await.refuses(403, "scope_missing");
        for actor in [school.parent().await, school.teacher().await] {
            actor.put(path, body.clone()).await.refuses(403, "wrong_role");
        }
        school.guest().await.put(path, body.clone()).await.refuses(401, "not_logged_in");
        school.nobody().put(path, body.clone()).await.refuses(401, "not_logged_in");
        school.staff().await.put(path, body).await.is(200);
    }
    assert_eq!(person(&school, "s-104").await.name(), "Ines Marsh");
    let told: Vec<(String, String)> = school
        .read(|db| Ok(events::table.filter(events::action.eq("roster_pushed")).order(events::at).select((events::actor, events::summary)).load(db)?))
        .await;
    assert!(told.iter().all(|(actor, _)| actor == "Helen Okafor") && told.len() == 3, "{told:?}: the link named nobody");
    Program::of(&school).await.push("people", family()).await;
    let by_program = school.read(|db| Ok(events::table.filter(events::actor.eq("Arbor")).select(events::summary).load::<String>(db)?)).await;
    assert_eq!(by_program, ["Pushed a roster: people 2 added, 0 changed, 0 removed."]);
}

#[tokio::test]
async fn nothing_crosses_to_another_school() {
    let school = School::start().await;
    let neighbours = school.neighbours().await;
    let lake = Program::with(neighbours.staff.clone(), &neighbours.staff, &["roster:write"]).await;
    // A token of one school is none at the other.
    let elsewhere = Program { actor: school.nobody(), token: lake.token.clone() };
    elsewhere.put("/roster/people", json!({ "items": family() })).await.refuses(401, "token_invalid");
    let lake_push = async |kind: &str, rows: Value| lake.put(&format!("/roster/{kind}"), json!({ "items": rows })).await.is(200);
    // The ids of the demo school name nobody at Lakeside.
    let answer = lake_push("guardianships", json!([link("p-rachel-aaron", "lake-s", json!({})), link("lake-p", "s-sophie-aaron", json!({}))])).await;
    assert_eq!(errors(&answer).iter().map(|(_, code)| code.as_str()).collect::<Vec<_>>(), ["unknown_person"; 2]);
    let answer = lake_push(
        "people",
        json!([{ "sourced_id": "p-rachel-aaron", "remove": true }, { "sourced_id": "s-sophie-aaron", "roles": ["student"], "given_name": "Another" }]),
    )
    .await;
    assert_eq!(outcomes(&answer), ["unchanged", "added"]);
    let parent = school.parent().await;
    assert!(parent.get(&school.evening("/bookings")).await.is(200).text.contains("Sophie Aaron"));
    assert_eq!(Roster::of_the_demo().import(&school).await.changes.people.changed, 0);
    assert_eq!(neighbours.parent.get("/me").await.status, 200);
}

#[tokio::test]
async fn contact_that_is_withdrawn_ends_all_that_rests_on_it() {
    let school = School::start().await;
    let (program, parent, guest) = (Program::of(&school).await, school.parent().await, school.guest().await);
    let row = |more: Value| link("p-rachel-aaron", "s-sophie-aaron", more);
    let before = parent.get(&school.evening("/bookings")).await.is(200);
    assert!(before.text.contains("Sophie Aaron"));
    assert_eq!(program.push("guardianships", [row(json!({ "contact_allowed": false }))]).await, ["changed"]);
    parent.get("/me").await.refuses(410, "access_ended");
    guest.get("/guest/appointments").await.refuses(410, "access_ended");
    let mut told: Vec<String> = school.mails().await.into_iter().map(|mail| mail.to).collect();
    told.sort();
    assert_eq!(told, ["helen.okafor@example.org", "jordan.aaron@example.org"], "the office and the guest");
    let parent = school.parent().await;
    assert!(!parent.get(&school.evening("/bookings")).await.is(200).text.contains("Sophie Aaron"));
    // A row that is silent about contact lifts nothing, not even after the link had gone; one that speaks does.
    assert_eq!(program.push("guardianships", [row(json!({ "relationship": "Mum" }))]).await, ["changed"]);
    let sees_sophie = async || parent.get(&school.evening("/slots")).await.is(200).text.contains("Sophie Aaron");
    assert!(!sees_sophie().await);
    program.push("guardianships", [row(json!({ "remove": true }))]).await;
    program.push("guardianships", [row(json!({}))]).await;
    assert!(!sees_sophie().await);
    program.push("guardianships", [row(json!({ "contact_allowed": true }))]).await;
    assert!(sees_sophie().await);
    program.push("guardianships", [row(json!({ "court_order": true }))]).await;
    let grid = school.parent().await.get(&school.evening("/slots")).await.is(200);
    assert!(!grid.text.contains("Sophie Aaron"), "a court order stands against it");
    school.ignore_mail("who is told was looked at the first time");
}

#[tokio::test]
async fn who_leaves_or_comes_in_another_role_loses_by_it() {
    let school = School::start().await;
    let (program, office) = (Program::of(&school).await, school.staff().await);
    program.push("people", family()).await;
    program.push("guardianships", [link("p-208", "s-104", json!({ "relationship": "Mother" }))]).await;
    let session = school.as_parent(&person(&school, "p-208").await).await;
    session.get("/me").await.is(200);
    let mut other = family()[1].clone();
    for role in ["relative", "wizard"] {
        other["roles"] = json!([role]);
        assert_eq!(program.push("people", [other.clone()]).await, ["changed"]);
        assert_eq!(seen(&school, &office, "p-208").await, (false, true), "{role}: staff may allow it");
    }
    session.get("/me").await.refuses(410, "access_ended");
    other["roles"] = json!(["guardian", "relative"]);
    program.push("people", [other]).await;
    assert_eq!(seen(&school, &office, "p-208").await, (true, false));
    // Rachel leaves.
    let parent = school.parent().await;
    assert_eq!(program.push("people", [json!({ "sourced_id": "p-rachel-aaron", "remove": true })]).await, ["removed"]);
    parent.get("/me").await.refuses(410, "access_ended");
    school.ignore_mail("what mail a loss sends is told in access.rs");
}

#[tokio::test]
async fn a_contact_who_came_without_a_role_keeps_contact_through_rows_that_do_not_speak_of_it() {
    let (school, mother) = (School::start().await, "p-rachel-aaron");
    // As an import of SDS leaves them, which judges by the relationship's role.
    let as_sds = diesel::update(people::table.filter(people::sourced_id.eq(mother))).set(people::source_role.eq("contact"));
    school.read(move |db| Ok(as_sds.execute(db)?)).await;
    let (program, parent) = (Program::of(&school).await, school.parent().await);
    for row in [json!({ "relationship": "Mother", "priority": 2 }), json!({ "relationship": "Mum" }), json!({}), json!({ "contact_allowed": true })] {
        program.push("guardianships", [link(mother, "s-sophie-aaron", row.clone())]).await;
        parent.get("/me").await.is(200);
        assert!(parent.get(&school.evening("/bookings")).await.is(200).text.contains("Sophie Aaron"), "{row}");
    }
    program.push("guardianships", [link(mother, "s-sophie-aaron", json!({ "relationship": "Aunt" }))]).await;
    parent.get("/me").await.refuses(410, "access_ended");
    school.ignore_mail("what mail a loss sends is told in access.rs");
}

#[tokio::test]
async fn a_bar_that_was_pushed_outlasts_imports_that_do_not_speak_of_it() {
    let school = School::start().await;
    let (program, office) = (Program::of(&school).await, school.staff().await);
    let as_before = |student: &str, field: &str, value: bool| {
        let mut row = link("p-rachel-aaron", student, json!({ "relationship": "Mother", "priority": 1, "lives_with": true }));
        row[field] = json!(value);
        row
    };
    program.push("guardianships", [as_before("s-sophie-aaron", "contact_allowed", false)]).await;
    office.put("/roster/guardianships", json!({ "items": [as_before("s-liz-aaron", "court_order", true)] })).await.is(200);
    let seen = async || {
        let grid = school.parent().await.get(&school.evening("/slots")).await.is(200);
        ["Sophie Aaron", "Liz Aaron", "Chris Aaron"].map(|name| grid.text.contains(name))
    };
    assert_eq!(seen().await, [false, false, true]);
    let provider = Provider::start(Version::V11, &Roster::of_the_demo()).await;
    for report in [Roster::of_the_demo().import(&school).await, provider.sync(&school, ImportOptions::default()).await.unwrap()] {
        assert_eq!((report.changes.guardianships.changed, seen().await), (0, [false, false, true]), "{report}");
    }
    // Not even when the link has been away.
    Roster::without_sophie().import(&school).await;
    Roster::of_the_demo().import(&school).await;
    assert_eq!(seen().await, [false, false, true]);
    // A word lifts what it speaks of.
    let row = "\"s-sophie-aaron,s-liz-aaron,s-chris-aaron\",,,Mrs,Mother,1,true,";
    Roster::of_the_demo().replace("users.csv", &format!("{row},"), &format!("{row}true,")).import(&school).await;
    assert_eq!(seen().await, [true, false, true]);
    Roster::of_the_demo().replace("users.csv", &format!("{row},"), &format!("{row},false")).import(&school).await;
    assert_eq!(seen().await, [true, true, true]);
    // What a file has said goes with its silence.
    Roster::of_the_demo().replace("users.csv", &format!("{row},"), &format!("{row},true")).import(&school).await;
    assert_eq!(seen().await, [false; 3]);
    Roster::of_the_demo().import(&school).await;
    assert_eq!(seen().await, [true; 3]);
    school.ignore_mail("what mail a loss sends is told in access.rs");
}

#[tokio::test]
async fn what_staff_set_by_hand_stays() {
    let school = School::start().await;
    let (program, office) = (Program::of(&school).await, school.staff().await);
    // They allow a grandmother, and bar Rachel from Sophie.
    let (her, him) = (person(&school, "p-046").await.id().0, person(&school, "s-9027").await.id().0);
    let path = format!("/parents/{her}/allowed_students/{him}");
    office.send("PUT", &path, office.request("PUT", &path)).await.is(200);
    let sophie = person(&school, "s-sophie-aaron").await.id().0;
    office.post("/bars", json!({ "student_id": sophie, "person_id": school.people.parent.0 })).await.is(201);
    let rows = [
        link("p-046", "s-9027", json!({ "relationship": "Nana" })),
        link("p-rachel-aaron", "s-sophie-aaron", json!({ "contact_allowed": true, "priority": 2 })),
    ];
    assert_eq!(program.push("guardianships", rows).await, ["changed"; 2]);
    assert_eq!(seen(&school, &office, "p-046").await, (true, false));
    assert!(!school.parent().await.get(&school.evening("/slots")).await.is(200).text.contains("Sophie Aaron"));
    assert_eq!(school.read(|db| Ok(bars::table.filter(bars::lifted_at.is_null()).count().get_result::<i64>(db)?)).await, 1);
    school.ignore_mail("what mail a bar sends is told in access.rs");
}

#[tokio::test]
async fn two_pushes_at_once_both_come_in() {
    let school = School::start().await;
    let program = Program::of(&school).await;
    let rows = |from: usize| {
        let row = |number: usize| json!({ "sourced_id": format!("n-{number}"), "roles": ["student"], "given_name": "N", "family_name": number.to_string() });
        json!({ "items": (from..from + 60).map(row).collect::<Vec<_>>() })
    };
    let (first, second) = join(program.put("/roster/people", rows(0)), program.put("/roster/people", rows(30))).await;
    let (first, second) = (first.is(200), second.is(200));
    let count = |what: &str| [&first, &second].iter().map(|answer| answer.body["counts"][what].as_u64().unwrap()).sum::<u64>();
    assert_eq!((count("added"), count("unchanged")), (90, 30), "each person once");
}

#[tokio::test]
async fn each_value_keeps_who_set_it_last() {
    let school = School::start().await;
    let (program, office) = (Program::of(&school).await, school.staff().await);
    let sources = async |parent: &'static str, at: &str| {
        let parent = office.get(&format!("/parents/{}", person(&school, parent).await.id().0)).await.is(200);
        let list = parent.body.pointer(at).and_then(Value::as_array).cloned().unwrap_or_default();
        let text = |source: &Value, name: &str| source[name].as_str().unwrap().to_owned();
        let by_field = list.iter().map(|source| (text(source, "field"), (text(source, "kind"), text(source, "name"), text(source, "at"))));
        by_field.collect::<BTreeMap<_, _>>()
    };
    let before = sources("p-rachel-aaron", "/sources").await;
    assert_eq!(before.keys().collect::<Vec<_>>(), ["email", "family_name", "given_name", "honorific", "roles"]);
    assert!(before.values().all(|(kind, name, _)| kind == "file" && name == "demo"), "{before:?}");
    Roster::of_the_demo().import(&school).await;
    assert_eq!(sources("p-rachel-aaron", "/sources").await, before, "files that say the same set nothing");
    // A push changes one value, and says the rest as it is.
    school.wait(TimeDelta::minutes(1));
    let row = json!({ "sourced_id": "p-rachel-aaron", "roles": ["parent"], "honorific": "Mrs", "given_name": "Rachel", "family_name": "Aaron", "email": "rachel@example.com" });
    program.push("people", [row.clone()]).await;
    let after = sources("p-rachel-aaron", "/sources").await;
    let changed: Vec<&String> = after.keys().filter(|field| after[*field] != before[*field]).collect();
    assert_eq!(changed, ["email"]);
    assert_eq!((after["email"].0.as_str(), after["email"].1.as_str()), ("program", "Arbor"));
    school.wait(TimeDelta::minutes(1));
    assert_eq!(program.push("people", [row]).await, ["unchanged"]);
    assert_eq!(sources("p-rachel-aaron", "/sources").await, after, "what says the same sets nothing");
    // Staff allow a grandmother contact.
    let of_link = async || sources("p-046", "/students/0/sources").await;
    assert_eq!(of_link().await["contact_allowed"].0, "file");
    let path = format!("/parents/{}/allowed_students/{}", person(&school, "p-046").await.id().0, person(&school, "s-9027").await.id().0);
    office.send("PUT", &path, office.request("PUT", &path)).await.is(200);
    assert_eq!((of_link().await["contact_allowed"].0.as_str(), of_link().await["contact_allowed"].1.as_str()), ("staff", "Helen Okafor"));
    // A push says that there must be none.
    program
        .push(
            "guardianships",
            [link("p-046", "s-9027", json!({ "relationship": "Grandmother", "priority": 2, "lives_with": false, "contact_allowed": false }))],
        )
        .await;
    let by: Vec<(String, String)> = of_link().await.into_iter().map(|(field, (kind, ..))| (field, kind)).collect();
    let expected = [("contact_allowed", "program"), ("court_order", "file"), ("lives_with", "file"), ("priority", "file"), ("relationship", "file")];
    assert_eq!(by, expected.map(|(field, kind)| (field.to_owned(), kind.to_owned())));
    // A list does not say it.
    assert!(!office.get("/parents").await.is(200).text.contains("sources"));
    school.ignore_mail("what mail a loss sends is told in access.rs");
}

#[tokio::test]
async fn a_push_waits_for_a_booking_that_is_being_made() {
    let school = School::start().await;
    let (program, parent) = (Program::of(&school).await, school.parent().await);
    let wish = wishes(&school, &parent).await.into_iter().find(|wish| !wish.free.is_empty()).unwrap();
    let student: PersonRow = {
        let id: uuid::Uuid = wish.student.parse().unwrap();
        school.read(move |db| Ok(people::table.find(Key(id)).select(PersonRow::as_select()).first(db)?)).await
    };
    let of_student: String = school.read(move |db| Ok(people::table.find(student.id).select(people::sourced_id).first(db)?)).await;
    let id = |value: &str| value.parse::<uuid::Uuid>().unwrap();
    let new = NewBooking { student: id(&wish.student).into(), class: id(&wish.class).into(), starts_at: wish.free[0].parse().unwrap() };
    let (ctx, rachel, of_school, evening, store) =
        (school.app.context(), school.people.parent, school.people.school, school.people.evening, school.app.store.clone());
    let (told, heard) = mpsc::channel();
    let (release, released) = mpsc::channel();
    let released = Mutex::new(released);
    // The booking is written, and its transaction goes on until it is released.
    let booking = tokio::spawn(async move {
        let make = move |db: &mut Db| {
            let row = evenings::find(db, of_school, evening)?;
            let acting = Acting { parent: rachel, actor: Acts { person: Some(rachel), name: "Rachel".to_owned() }, is_staff: false };
            let made = bookings::make(db, &ctx, &row, &acting, &[new])?.swap_remove(0).row.id;
            told.send(()).unwrap();
            released.lock().unwrap().recv().unwrap();
            Ok(made)
        };
        store.write(make).await
    });
    until("the booking", async || heard.try_recv().is_ok()).await;
    // Meanwhile the school withdraws contact.
    let push = tokio::spawn(async move { program.push("guardianships", [link("p-rachel-aaron", &of_student, json!({ "contact_allowed": false }))]).await });
    until("the push waits", async || school.is_waited_for("people").await).await;
    release.send(()).unwrap();
    let made = booking.await.unwrap().unwrap();
    assert_eq!(push.await.unwrap(), ["changed"]);
    let cancelled: Option<At> = school.read(move |db| Ok(schema::bookings::table.find(made).select(schema::bookings::cancelled_at).first(db)?)).await;
    assert!(cancelled.is_some(), "the booking is one of those that the withdrawal ends");
    school.ignore_mail("what mail a withdrawal sends is told in access.rs");
}
