//! Tests of rosters pushed by API clients: the rules of an import apply row by row, and only at the
//! client's own school.

mod bars;
mod guardianships;
mod people;
mod permissions;
mod request;
mod rows;
mod sources;
mod staff;

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl, SelectableHelper};
use parlour::{schema::people as people_table, store::people::PersonRow};
use serde_json::{Value, json};

use crate::harness::{Actor, School, TestResponse};

const PATHS: [&str; 4] =
    ["/roster/people", "/roster/classes", "/roster/enrolments", "/roster/guardianships"];

/// The school's MIS with its token.
struct RosterClient {
    actor: Actor,
    token: String,
}

impl RosterClient {
    async fn with(actor: Actor, office: &Actor, scopes: &[&str]) -> Self {
        let made = office
            .post(
                "/clients",
                json!({ "name": "Arbor", "scopes": scopes, "requests_per_minute": 6000 }),
            )
            .await
            .is(201);
        let (id, secret) = (made.text_at("/client/id"), made.text_at("/client_secret"));
        let form =
            [("grant_type", "client_credentials"), ("client_id", &id), ("client_secret", &secret)];
        let token = actor
            .send("POST", "/oauth/token", actor.request("POST", "/oauth/token").form(&form))
            .await
            .is(200)
            .text_at("/access_token");
        Self { actor, token }
    }

    async fn of(school: &School) -> Self {
        Self::with(school.nobody(), &school.staff().await, &["roster:write"]).await
    }

    async fn put(&self, path: &str, body: Value) -> TestResponse {
        self.actor
            .send("PUT", path, self.actor.request("PUT", path).bearer_auth(&self.token).json(&body))
            .await
    }

    /// Pushes rows and returns the outcome of each.
    async fn push(&self, kind: &str, rows: impl Into<Vec<Value>>) -> Vec<String> {
        outcomes(
            &self.put(&format!("/roster/{kind}"), json!({ "items": rows.into() })).await.is(200),
        )
    }
}

fn outcomes(answer: &TestResponse) -> Vec<String> {
    answer.list("/items").iter().map(|row| row["outcome"].as_str().unwrap().to_owned()).collect()
}

/// Field and code of each error, in the order of the rows.
fn errors(answer: &TestResponse) -> Vec<(String, String)> {
    let rows = answer.list("/items");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    rows.iter()
        .flat_map(|row| row["errors"].as_array().cloned().unwrap_or_default())
        .map(|error| (text(&error["field"]), text(&error["code"])))
        .collect()
}

fn family() -> [Value; 3] {
    [
        json!({
            "sourced_id": "s-104",
            "roles": ["student"],
            "given_name": "Ines",
            "family_name": "Marsh",
        }),
        json!({
            "sourced_id": "p-208",
            "roles": ["parent"],
            "honorific": "Mrs",
            "given_name": "Dora",
            "family_name": "Marsh",
            "email": "dora@example.org",
        }),
        json!({
            "sourced_id": "t-7",
            "roles": ["teacher"],
            "given_name": "Leo",
            "family_name": "Frey",
            "email": "leo@example.org",
        }),
    ]
}

fn class() -> Value {
    json!({ "sourced_id": "c-9b", "title": "9B Science", "subject": "Science", "code": "9B" })
}

fn enrolment_rows() -> [Value; 2] {
    [
        json!({
            "class_sourced_id": "c-9b",
            "person_sourced_id": "s-104",
            "role": "student",
            "begins_on": "2026-09-01",
        }),
        json!({
            "class_sourced_id": "c-9b",
            "person_sourced_id": "t-7",
            "role": "teacher",
            "is_primary": true,
            "ends_on": "2026-10-01",
        }),
    ]
}

fn link(parent: &str, student: &str, mut row: Value) -> Value {
    (row["parent_sourced_id"], row["student_sourced_id"]) = (json!(parent), json!(student));
    row
}

async fn person(school: &School, sourced_id: &'static str) -> PersonRow {
    school
        .read(move |db| {
            Ok(people_table::table
                .filter(people_table::sourced_id.eq(sourced_id))
                .select(PersonRow::as_select())
                .first(db)?)
        })
        .await
}

/// A parent's first student as the office sees it: whether contact is allowed, and whether staff
/// may allow it.
async fn seen(school: &School, office: &Actor, parent: &'static str) -> (bool, bool) {
    let parent =
        office.get(&format!("/parents/{}", person(school, parent).await.id().0)).await.is(200);
    let linked = &parent.list("/students")[0];
    (linked["allowed"] == true, linked["can_allow"] == true)
}
