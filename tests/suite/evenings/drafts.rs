//! Tests of drafts: only the office and its API clients see them.

use serde_json::json;

use super::{draft, free, winter};
use crate::harness::School;

#[tokio::test]
async fn draft_is_visible_only_to_the_office() {
    let school = School::start().await;
    let office = school.staff().await;
    let path = draft(&office).await;
    let id = path.rsplit('/').next().unwrap().to_owned();
    let (parent, teacher, guest) =
        (school.parent().await, school.teacher().await, school.guest().await);
    for actor in [&parent, &teacher] {
        assert!(!actor.get("/evenings?limit=100").await.is(200).text.contains(&id));
        actor.get(&path).await.refuses(404, "not_found");
    }
    for of_parent in ["slots", "bookings", "calendar", "history", "invites"] {
        parent.get(&format!("{path}/{of_parent}")).await.refuses(404, "not_found");
        let for_her = format!("{path}/{of_parent}?parent_id={}", school.people.parent.0);
        office.get(&for_her).await.refuses(404, "not_found");
    }
    teacher.get(&format!("{path}/schedule")).await.refuses(404, "not_found");
    teacher
        .put(&format!("{path}/lateness"), json!({ "minutes": 5 }))
        .await
        .refuses(404, "not_found");
    assert!(!guest.get("/guest/appointments").await.is(200).text.contains("Winter"));
    // Staff and API clients.
    let api_client = school.api_client(&["evenings:read"]).await;
    for list in [
        office.get("/evenings?limit=100").await.is(200),
        api_client.send("GET", "/evenings?limit=100").await.is(200),
    ] {
        let found =
            list.list("/items").into_iter().find(|evening| evening["id"] == id.as_str()).unwrap();
        assert_eq!(found["state"], "draft");
    }
    // A draft can't be booked by anybody, and nobody can be invited to it.
    let published = free(&parent, &school.evening("")).await.swap_remove(0);
    let bookable = json!({
        "bookings": [{
            "student_id": published["student_id"],
            "class_id": published["class_id"],
            "starts_at": "2026-12-10T16:00:00Z",
        }]
    });
    parent.post(&format!("{path}/bookings"), bookable.clone()).await.refuses(404, "not_found");
    let for_her = format!("{path}/bookings?parent_id={}", school.people.parent.0);
    office.post(&for_her, bookable.clone()).await.refuses(404, "not_found");
    let invite = json!({
        "name": "Jo",
        "email": "jo@example.org",
        "student_ids": [published["student_id"]],
        "consent": true,
    });
    parent.post(&format!("{path}/invites"), invite).await.refuses(404, "not_found");
    // After publishing, everybody sees it.
    office.post(&format!("{path}/publish"), json!({})).await.is(200);
    for actor in [&parent, &teacher] {
        assert!(actor.get("/evenings?limit=100").await.is(200).text.contains(&id));
        assert_eq!(actor.get(&path).await.is(200).text_at("/state"), "published");
    }
    office.post(&for_her, bookable).await.is(201);
    school.ignore_mail("bookings.rs tests the mail about a booking");
}

#[tokio::test]
async fn only_drafts_can_be_deleted() {
    let school = School::start().await;
    let office = school.staff().await;
    let path = draft(&office).await;
    office.delete(&path).await.is(204);
    office.get(&path).await.refuses(404, "not_found");
    for answer in [
        office.delete(&path).await,
        office.patch(&path, json!({})).await,
        office.post(&format!("{path}/publish"), json!({})).await,
    ] {
        answer.refuses(404, "not_found");
    }
    // The deleted draft's name can be used again.
    let path = draft(&office).await;
    office.post(&format!("{path}/publish"), json!({})).await.is(200);
    office.delete(&path).await.refuses(409, "evening_published");
    office.post(&format!("{path}/close"), json!({})).await.is(200);
    office.delete(&path).await.refuses(409, "evening_published");
    office.delete(&school.evening("")).await.refuses(409, "evening_published");
}

#[tokio::test]
async fn loading_the_file_publishes_the_draft() {
    let school = School::start().await;
    let office = school.staff().await;
    let path = draft(&office).await;
    let file = "school = \"hillcrest\"\nname = \"winter\"\ntitle = \"Winter Evening\"\ndate = \
                2026-12-10\nstarts = \"16:00\"\nends = \"18:00\"\nslot_minutes = 10\nmode = \
                \"video\"\n[booking]\nopens = \"2026-11-20T08:00\"\ncloses = \
                \"2026-12-10T12:00\"\n[[classes]]\ntitles = \"Year 9 *\"\n";
    let load = async || {
        parlour::evening_file::load(&school.app.store, &school.app.context(), file).await.unwrap()
    };
    let loaded = load().await;
    assert_eq!(
        (loaded.outcome, format!("/evenings/{}", loaded.evening)),
        (parlour::evening_file::LoadOutcome::Changed, path.clone())
    );
    assert_eq!(
        office.get(&format!("{path}/settings")).await.is(200).text_at("/state"),
        "published"
    );
    // Loading the file again does not reopen a closed evening.
    office.post(&format!("{path}/close"), json!({})).await.is(200);
    assert_eq!(load().await.outcome, parlour::evening_file::LoadOutcome::Unchanged);
    assert_eq!(office.get(&path).await.is(200).text_at("/state"), "closed");
    office.post("/evenings", winter()).await.refuses(409, "evening_name_taken");
}
