//! Tests of changing an evening: only the fields that are sent change, and nothing that bookings
//! rest on.

use serde_json::{Value, json};

use super::{audit_log, book, draft, free, has_no_names, open, winter_with};
use crate::harness::School;

#[tokio::test]
async fn patch_keeps_omitted_fields() {
    let school = School::start().await;
    let office = school.staff().await;
    let path = draft(&office).await;
    let mut expected = office.get(&format!("{path}/settings")).await.is(200).body;
    let set = |settings: &mut Value, changes: &Value| {
        for (field, value) in changes.as_object().unwrap() {
            settings[field] = value.clone();
        }
    };
    let changes = [
        json!({}),
        json!({ "title": "Winter Fair" }),
        json!({ "name": "winter-fair", "ends": "19:00", "gap_seconds": 30, "capacity": 5 }),
        json!({ "date": "2026-12-11", "starts": "15:30" }),
        json!({ "time_zone": "Europe/Berlin" }),
        json!({ "slot_minutes": 15 }),
    ];
    for change in changes {
        set(&mut expected, &change);
        assert_eq!(office.patch(&path, change.clone()).await.is(200).body, expected, "{change}");
    }
    assert_eq!(
        office.get(&path).await.is(200).text_at("/starts_at"),
        "2026-12-11T15:30:00+01:00",
        "the same local time in the new zone"
    );
    let closes =
        office.patch(&path, json!({ "booking": { "closes": "2026-12-11T10:00" } })).await.is(200);
    assert_eq!(
        closes.body["booking"],
        json!({ "opens": "2026-11-20T08:00", "closes": "2026-12-11T10:00" })
    );
    let back = office
        .patch(&path, json!({ "time_zone": null, "gap_seconds": null, "capacity": null }))
        .await
        .is(200);
    assert_eq!(
        (&back.body["time_zone"], &back.body["gap_seconds"], &back.body["capacity"]),
        (&json!("Europe/London"), &json!(0), &json!(4))
    );
    for field in
        ["name", "title", "date", "starts", "ends", "slot_minutes", "mode", "booking", "classes"]
    {
        office.patch(&path, json!({ field: null })).await.refuses(422, "invalid");
    }
    // Returns which of the classes that take part meet by video.
    let videos = |settings: &Value| {
        settings["classes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|class| class["video"].as_bool().unwrap())
            .collect::<Vec<_>>()
    };
    let at_school = office.patch(&path, json!({ "mode": "in_person" })).await.is(200);
    let classes = at_school.list("/classes").len();
    assert!(classes > 0, "{}", at_school.text);
    assert_eq!(videos(&at_school.body), vec![false; classes]);
    let hybrid = office.patch(&path, json!({ "mode": "hybrid" })).await.is(200);
    assert_eq!(videos(&hybrid.body), videos(&at_school.body));
    let last = audit_log(&school).await.pop().unwrap();
    assert_eq!((last.0.as_str(), last.1.as_str()), ("evening_changed", "Helen Okafor"));
    assert!(last.2.contains("mode"), "{}", last.2);
}

#[tokio::test]
async fn patch_enforces_the_rules_of_creation() {
    let school = School::start().await;
    let office = school.staff().await;
    let path = draft(&office).await;
    office.post("/evenings", winter_with(&json!({ "name": "other" }))).await.is(201);
    let before = office.get(&format!("{path}/settings")).await.is(200).body;
    let wrong = [
        (json!({ "ends": "15:00" }), "ends"),
        (json!({ "starts": "18:00" }), "ends"),
        (json!({ "slot_minutes": 121 }), "slot_minutes"),
        (json!({ "capacity": 1 }), "capacity"),
        (json!({ "booking": { "opens": "2026-12-10T13:00" } }), "booking.closes"),
        (json!({ "date": "2026-11-22" }), "booking.closes"),
        (json!({ "date": "2026-11-22", "booking": { "closes": "2026-11-22T12:00" } }), "date"),
        (
            json!({ "mode": "in_person", "classes": [{ "all": true, "meet": "video" }] }),
            "classes[0].meet",
        ),
        (json!({ "classes": [{ "ids": ["none"] }] }), "classes[0].ids"),
        (json!({ "colour": "red" }), "colour"),
    ];
    for (change, field) in wrong {
        let refused = office.patch(&path, change).await.refuses(422, "invalid");
        assert_eq!(refused.text_at("/errors/0/field"), field, "{}", refused.text);
    }
    office.patch(&path, json!({ "name": "other" })).await.refuses(409, "evening_name_taken");
    assert_eq!(office.get(&format!("{path}/settings")).await.is(200).body, before);
    school.clock.set("2026-12-10T18:00:00Z".parse().unwrap());
    let office = school.staff().await;
    office.patch(&path, json!({ "title": "Late" })).await.refuses(409, "evening_over");
    office.patch(&path, json!({})).await.is(200);
}

#[tokio::test]
async fn changes_affecting_bookings_are_refused_and_list_them() {
    let school = School::start().await;
    let (office, parent) = (school.staff().await, school.parent().await);
    let path = open(&office).await;
    let booking = book(&parent, &path).await;
    let class = office
        .get(&format!("{path}/settings"))
        .await
        .is(200)
        .list("/classes")
        .into_iter()
        .find(|one| one["id"] == booking["class_id"])
        .unwrap();
    let (api_client, blind) = (
        school.api_client(&["evenings:write", "bookings:read"]).await,
        school.api_client(&["evenings:write"]).await,
    );
    let without =
        json!({ "classes": [{ "titles": ["Year 9 *"], "exclude_ids": [class["sourced_id"]] }] });
    let changes = [
        (json!({ "starts": "16:05" }), "not_a_slot"),
        (json!({ "date": "2026-12-11" }), "not_a_slot"),
        (json!({ "slot_minutes": 5 }), "other_length"),
        (json!({ "mode": "in_person" }), "other_meeting"),
        (without.clone(), "class_out"),
    ];
    for (change, reason) in &changes {
        // The refusal covers the whole request, so the title stays as well.
        let mut all = change.clone();
        all["title"] = json!("Winter Fair");
        let refused =
            api_client.send_json("PATCH", &path, all).await.refuses(409, "bookings_rest_on_it");
        let expected = json!([{
            "id": booking["id"], "starts_at": booking["starts_at"],
            "student_id": booking["student"]["id"], "parent_id": school
                .people
                .parent.0,
            "class_id": booking["class_id"], "reason": reason,
        }]);
        assert_eq!(
            (&refused.body["bookings"], &refused.body["bookings_total"]),
            (&expected, &json!(1))
        );
        assert!(has_no_names(&refused.text), "{}", refused.text);
        // A client without the scope for bookings sees only their number.
        let refused = blind
            .send_json("PATCH", &path, change.clone())
            .await
            .refuses(409, "bookings_rest_on_it");
        assert_eq!(
            (&refused.body["bookings"], &refused.body["bookings_total"]),
            (&Value::Null, &json!(1))
        );
    }
    let settings = office.get(&format!("{path}/settings")).await.is(200);
    assert_eq!(settings.text_at("/title"), "Winter Evening");
    // Fields that no booking rests on can be changed, and nobody gets a mail about it.
    school.mails().await;
    api_client
        .send_json(
            "PATCH",
            &path,
            json!({ "title": "Winter Fair", "ends": "19:00", "gap_seconds": 30, "capacity": 5 }),
        )
        .await
        .is(200);
    assert!(school.mails().await.is_empty());
    // After the cancellation nothing prevents the change.
    parent.delete(&format!("/bookings/{}", booking["id"].as_str().unwrap())).await.is(204);
    api_client.send_json("PATCH", &path, without).await.is(200);
    school.ignore_mail("bookings.rs tests the mail about a cancellation");
}

#[tokio::test]
async fn conflict_lists_up_to_100_bookings_and_counts_all() {
    let school = School::start().await;
    let office = school.staff().await;
    let evening = school.evening("");
    let before = office
        .get(&format!("/bookings?limit=100&evening_id={}", school.people.evening.0))
        .await
        .is(200)
        .list("/items");
    let live = before.iter().filter(|booking| booking["cancelled_at"].is_null()).count();
    let refused = office
        .patch(&evening, json!({ "slot_minutes": 1 }))
        .await
        .refuses(409, "bookings_rest_on_it");
    let (named, total) =
        (refused.list("/bookings"), refused.body["bookings_total"].as_u64().unwrap());
    assert!(
        total >= live as u64 && named.len() == (total as usize).min(100),
        "{live} {total} {}",
        named.len()
    );
    assert!(
        named.is_sorted_by_key(|booking| booking["starts_at"].as_str().unwrap().to_owned()),
        "sorted by time"
    );
    assert!(!free(&school.parent().await, &evening).await.is_empty());
}
