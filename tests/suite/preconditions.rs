//! Tests of `ETag`, `If-None-Match` and `If-Match`: nobody overwrites a version that they have not
//! seen.

use serde_json::{Value, json};

use crate::harness::{Actor, School, TestResponse};

async fn with(
    actor: &Actor,
    method: &str,
    path: &str,
    if_match: &str,
    body: Option<Value>,
) -> TestResponse {
    let request = actor.request(method, path).header("if-match", if_match);
    actor
        .send(method, path, if let Some(body) = body { request.json(&body) } else { request })
        .await
}

fn tag(answer: &TestResponse) -> String {
    answer.header("etag").expect("the resource has an ETag").to_owned()
}

/// A booking, and two times to which it can be moved.
fn movable(grid: &TestResponse) -> (String, [Value; 2]) {
    let times = grid.list("/times");
    let classes = grid
        .list("/students")
        .into_iter()
        .flat_map(|student| student["classes"].as_array().unwrap().clone());
    let booked = classes.filter_map(|class| {
        let states = class["states"].as_array().unwrap().iter().zip(&times);
        let free: Vec<Value> =
            states.filter(|(state, _)| **state == "free").map(|(_, time)| time.clone()).collect();
        Some((
            class["booking_id"].as_str()?.to_owned(),
            [free.first()?.clone(), free.last().filter(|_| free.len() > 1)?.clone()],
        ))
    });
    booked.into_iter().next().expect("a booking whose class has free times")
}

/// One resource of each kind with an `ETag`: its path, and two changes if it can be changed.
async fn tagged_resources(school: &School, staff: &Actor) -> Vec<(String, Option<(Value, Value)>)> {
    let parent = school.parent().await;
    let (booking, [first, second]) = movable(&parent.get(&school.evening("/slots")).await.is(200));
    let client =
        staff.post("/clients", json!({ "name": "MIS", "scopes": ["bookings:read"] })).await.is(201);
    let webhook = staff
        .post(
            "/webhooks",
            json!({ "url": "https://example.org/hook", "event_types": ["booking.created"] }),
        )
        .await
        .is(201);
    vec![
        (
            format!("/bookings/{booking}"),
            Some((json!({ "starts_at": first }), json!({ "starts_at": second }))),
        ),
        (format!("/invites/{}", school.people.invite.unwrap().0), None),
        (
            format!("/clients/{}", client.text_at("/client/id")),
            Some((json!({ "name": "Arbor" }), json!({ "name": "Bromcom" }))),
        ),
        (
            format!("/webhooks/{}", webhook.text_at("/webhook/id")),
            Some((json!({ "enabled": false }), json!({ "enabled": true }))),
        ),
    ]
}

#[tokio::test]
async fn if_match_refuses_stale_changes() {
    let school = School::start().await;
    let staff = school.staff().await;
    for (path, change) in tagged_resources(&school, &staff).await {
        let seen = tag(&staff.get(&path).await.is(200));
        let again = staff
            .send("GET", &path, staff.request("GET", &path).header("if-none-match", &seen))
            .await;
        assert_eq!((again.status, tag(&again)), (304, seen.clone()), "{path}");
        let mut newest = seen.clone();
        if let Some((first, second)) = change {
            let changed = with(&staff, "PATCH", &path, &seen, Some(first.clone())).await.is(200);
            newest = tag(&changed);
            assert_ne!(newest, seen, "{path}");
            assert_eq!(
                newest,
                tag(&staff.get(&path).await.is(200)),
                "{path}: a change tells the tag that reading gives"
            );
            // A request with only the older tag changes nothing.
            with(&staff, "PATCH", &path, &seen, Some(second.clone()))
                .await
                .refuses(412, "precondition_failed");
            with(&staff, "PATCH", &path, &format!("W/{newest}"), Some(second.clone()))
                .await
                .refuses(412, "precondition_failed");
            assert_eq!(tag(&staff.get(&path).await.is(200)), newest, "{path}");
            newest =
                tag(&with(&staff, "PATCH", &path, &format!("\"other\", {newest}"), Some(second))
                    .await
                    .is(200));
            with(&staff, "PATCH", &path, "*", Some(first)).await.is(200);
            with(&staff, "DELETE", &path, &newest, None).await.refuses(412, "precondition_failed");
            newest = tag(&staff.get(&path).await.is(200));
        }
        with(&staff, "DELETE", &path, "\"none\"", None).await.refuses(412, "precondition_failed");
        staff.get(&path).await.is(200);
        with(&staff, "DELETE", &path, &newest, None).await.is(204);
    }
    school.ignore_mail(
        "bookings.rs tests the mails about changes, and invites.rs those about removals",
    );
}

#[tokio::test]
async fn concurrent_changes_with_the_same_etag_let_one_win() {
    let school = School::start().await;
    let staff = school.staff().await;
    for (path, change) in tagged_resources(&school, &staff).await {
        let Some((first, second)) = change else { continue };
        let seen = tag(&staff.get(&path).await.is(200));
        let attempt = |body: Value| with(&staff, "PATCH", &path, &seen, Some(body));
        let (one, other) = tokio::join!(attempt(first), attempt(second.clone()));
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        // The second request is refused, unless its change leaves the resource as the first one saw
        // it.
        assert!(
            statuses == [200, 412] || (path.starts_with("/webhooks") && statuses == [200, 200]),
            "{path}: {statuses:?}"
        );
    }
    school.ignore_mail("bookings.rs tests the mails about changes");
}

#[tokio::test]
async fn if_match_is_refused_for_resources_without_etag() {
    let school = School::start().await;
    let (parent, staff) = (school.parent().await, school.staff().await);
    let before = parent.get(&school.evening("/bookings")).await.is(200).list("/rows").len();
    let path = school.evening("/bookings");
    with(&parent, "POST", &path, "\"x\"", Some(json!({ "bookings": [] })))
        .await
        .refuses(412, "precondition_failed");
    // `*` matches any version that exists.
    with(&parent, "POST", &path, "*", Some(json!({ "bookings": [] })))
        .await
        .refuses(422, "nothing_chosen");
    with(&staff, "POST", "/bars", "\"x\"", Some(json!({})))
        .await
        .refuses(412, "precondition_failed");
    assert_eq!(parent.get(&path).await.is(200).list("/rows").len(), before);
    // Somebody else's resource is not found, whatever `If-Match` says.
    let booking = format!("/bookings/{}", parent.get(&path).await.is(200).text_at("/rows/0/id"));
    with(&school.stranger().await, "DELETE", &booking, "*", None).await.refuses(404, "not_found");
    with(&school.other_school().await.parent, "DELETE", &booking, "*", None)
        .await
        .refuses(404, "not_found");
    with(&school.nobody(), "DELETE", &booking, "*", None).await.refuses(401, "not_logged_in");
    // A removed invite can't be read any more, so no version matches, not even `*`.
    let invite = format!("/invites/{}", school.people.invite.unwrap().0);
    parent.delete(&invite).await.is(204);
    with(&parent, "DELETE", &invite, "*", None).await.refuses(412, "precondition_failed");
    parent.delete(&invite).await.is(204);
    school.ignore_mail("invites.rs tests the mail about a removal");
}
