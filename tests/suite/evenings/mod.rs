//! Tests of evenings over REST: the office and its API clients create, change, publish, close and
//! delete them, and never against the bookings that rest on them.

mod changing;
mod creating;
mod drafts;
mod races;
mod states;

use serde_json::{Value, json};

use crate::harness::{Actor, School};

/// An evening of year 9, the year of Rachel Aaron's children. It can be booked as soon as it is
/// published.
fn winter() -> Value {
    json!({
        "name": "winter", "title": "Winter Evening", "date": "2026-12-10", "starts": "16:00",
        "ends": "18:00", "slot_minutes": 10, "mode": "video",
        "booking": {
            "opens": "2026-11-20T08:00",
            "closes": "2026-12-10T12:00",
        }, "classes": [{ "titles": ["Year 9 *"] }],
    })
}

/// The same evening with these fields changed.
fn winter_with(fields: &Value) -> Value {
    let mut evening = winter();
    for (field, value) in fields.as_object().unwrap() {
        evening[field] = value.clone();
    }
    evening
}

/// Creates a draft as the office and returns its path.
async fn draft(office: &Actor) -> String {
    format!("/evenings/{}", office.post("/evenings", winter()).await.is(201).text_at("/id"))
}

/// Creates an evening that can be booked, as the office, and returns its path.
async fn open(office: &Actor) -> String {
    let path = draft(office).await;
    office.post(&format!("{path}/publish"), json!({})).await.is(200);
    path
}

/// The bookings that a parent could make: each free time of each class without a booking, as a
/// request writes it.
async fn free(parent: &Actor, path: &str) -> Vec<Value> {
    let grid = parent.get(&format!("{path}/slots")).await.is(200);
    let times = grid.list("/times");
    let mut found = Vec::new();
    for student in grid.list("/students") {
        for class in student["classes"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|class| class["booking_id"].is_null())
        {
            let states = class["states"].as_array().unwrap();
            let free = times.iter().zip(states).filter(|(_, state)| **state == "free");
            found.extend(free.map(|(time, _)| {
                json!({
                    "student_id": student["student"]["id"],
                    "class_id": class["class_id"],
                    "starts_at": time,
                })
            }));
        }
    }
    found
}

/// Books the first free time as the parent and returns the booking.
async fn book(parent: &Actor, path: &str) -> Value {
    let bookable = free(parent, path).await.swap_remove(0);
    parent
        .post(&format!("{path}/bookings"), json!({ "bookings": [bookable] }))
        .await
        .is(201)
        .list("/items")
        .swap_remove(0)
}

/// The audit log's entries about evenings since the demo was made: kind and actor.
async fn audit_log(school: &School) -> Vec<(String, String, String)> {
    use diesel::{BoolExpressionMethods, QueryDsl, RunQueryDsl, TextExpressionMethods};
    use parlour::schema::events;
    school
        .read(|db| {
            let of_evenings = events::table
                .filter(events::action.like("evening_%").and(events::summary.like("%Winter%")));
            Ok(of_evenings
                .order((events::at, events::id))
                .select((events::action, events::actor, events::summary))
                .load(db)?)
        })
        .await
}

/// Returns whether a text contains no name of a person.
fn has_no_names(text: &str) -> bool {
    !["Aaron", "Rachel", "Sophie", "Liz", "Chris"].iter().any(|name| text.contains(name))
}
