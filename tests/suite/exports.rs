//! Tests of the lists for API clients: all pages together are the whole list, filters by time of
//! change work, and a scope hides what it does not allow.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use parlour_wire::ClientMessage;
use serde_json::{Value, json};

use crate::harness::{Actor, School, TestResponse, bookable_classes};

const LISTS: [(&str, &str); 3] = [
    ("/bookings", "bookings:read"),
    ("/invites", "invites:read"),
    ("/attendance", "attendance:read"),
];

/// Connects an API client with these scopes and returns a token for it.
pub async fn api_client_token(school: &School, scopes: &[&str]) -> String {
    let made = school
        .staff()
        .await
        .post("/clients", json!({ "name": "MIS", "scopes": scopes, "requests_per_minute": 6000 }))
        .await
        .is(201);
    let (id, secret) = (made.text_at("/client/id"), made.text_at("/client_secret"));
    let form =
        [("grant_type", "client_credentials"), ("client_id", &id), ("client_secret", &secret)];
    let nobody = school.nobody();
    nobody
        .send("POST", "/oauth/token", nobody.request("POST", "/oauth/token").form(&form))
        .await
        .is(200)
        .text_at("/access_token")
}

pub async fn get(actor: &Actor, path: &str, token: &str) -> TestResponse {
    actor.send("GET", path, actor.request("GET", path).bearer_auth(token)).await
}

/// Reads all items of a list, page by page.
async fn all(school: &School, path: &str, token: &str, limit: usize) -> Vec<Value> {
    let (nobody, mut items, mut cursor) = (school.nobody(), Vec::new(), String::new());
    let joint = if path.contains('?') { '&' } else { '?' };
    loop {
        let page =
            get(&nobody, &format!("{path}{joint}limit={limit}{cursor}"), token).await.is(200);
        items.extend(page.list("/items"));
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
        assert!(items.len() < 10_000, "{path} has no end");
    }
}

fn ids(items: &[Value], name: &str) -> Vec<String> {
    items.iter().map(|item| item[name].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn export_pages_are_complete_while_rows_are_added() {
    let school = School::start().await;
    let token = api_client_token(&school, &["bookings:read"]).await;
    let whole = ids(&all(&school, "/bookings", &token, 100).await, "id");
    assert!(whole.len() > 20, "the demo has appointments");
    assert_eq!(ids(&all(&school, "/bookings", &token, 7).await, "id"), whole);
    let unique: BTreeSet<_> = whole.iter().collect();
    assert_eq!(unique.len(), whole.len());
    // A booking made between two pages comes at the end, and no item comes twice.
    let first = get(&school.nobody(), "/bookings?limit=5", &token).await.is(200);
    let stranger = school.stranger().await;
    let bookable = bookable_classes(&school, &stranger)
        .await
        .into_iter()
        .find(|bookable| !bookable.free.is_empty())
        .unwrap();
    let made = stranger
        .post(&school.evening("/bookings"), json!({ "bookings": [bookable.at(&bookable.free[0])] }))
        .await
        .is(201);
    let rest = get(
        &school.nobody(),
        &format!("/bookings?limit=100&cursor={}", first.text_at("/next_cursor")),
        &token,
    )
    .await
    .is(200);
    let mut seen = ids(&first.list("/items"), "id");
    seen.extend(ids(&rest.list("/items"), "id"));
    if rest.body["next_cursor"].is_null() {
        let made = made.text_at("/items/0/id");
        assert_eq!(seen, [whole, vec![made]].concat());
    } else {
        assert_eq!(seen, whole[..seen.len()]);
    }
    school.ignore_mail("bookings.rs tests the mail about a booking");
}

#[tokio::test]
async fn updated_since_returns_later_changes() {
    let school = School::start().await;
    let token = api_client_token(&school, &["bookings:read", "invites:read"]).await;
    school.advance_clock(TimeDelta::minutes(1));
    let since = school.now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let changed =
        async |list: &str| all(&school, &format!("{list}?updated_since={since}"), &token, 50).await;
    assert!(changed("/bookings").await.is_empty() && changed("/invites").await.is_empty());
    let parent = school.parent().await;
    let rows = parent.get(&school.evening("/bookings")).await.is(200);
    let booking = rows.text_at("/rows/0/id");
    school.advance_clock(TimeDelta::seconds(1));
    parent.delete(&format!("/bookings/{booking}")).await.is(204);
    let found = changed("/bookings").await;
    assert_eq!(ids(&found, "id"), [booking]);
    assert_eq!(
        (found[0]["updated_at"].clone(), found[0]["student_id"].clone()),
        (found[0]["cancelled_at"].clone(), rows.body["rows"][0]["student"]["id"].clone())
    );
    let invite = school.people.invite.unwrap().0.to_string();
    parent.delete(&format!("/invites/{invite}")).await.is(204);
    let found = changed("/invites").await;
    assert_eq!(ids(&found, "id"), [invite]);
    assert!(found[0]["ended_at"].is_string());
    // A time with an offset, whose plus sign is not percent-encoded.
    let with_offset =
        school.now().with_timezone(&chrono::FixedOffset::east_opt(3600).unwrap()).to_rfc3339();
    get(&school.nobody(), &format!("/bookings?updated_since={with_offset}"), &token).await.is(200);
    school.ignore_mail("bookings.rs and invites.rs test these mails");
}

#[tokio::test]
async fn lists_and_guest_names_require_scopes() {
    let school = School::start().await;
    let nobody = school.nobody();
    let evenings = api_client_token(&school, &["evenings:read"]).await;
    for (list, scope) in LISTS {
        get(&nobody, list, &evenings).await.refuses(403, "scope_missing");
        get(&nobody, list, &api_client_token(&school, &[scope]).await).await.is(200);
        school.parent().await.get(list).await.refuses(403, "wrong_role");
        school.staff().await.get(list).await.is(200);
    }
    let without =
        all(&school, "/invites", &api_client_token(&school, &["invites:read"]).await, 50).await;
    assert!(
        !without.is_empty()
            && without.iter().all(|invite| invite["name"].is_null() && invite["email"].is_null())
    );
    let with = all(
        &school,
        "/invites",
        &api_client_token(&school, &["invites:read", "guests:read"]).await,
        50,
    )
    .await;
    assert!(
        with.iter().any(|invite| invite["name"] == "Jordan Aaron"
            && invite["email"] == "jordan.aaron@example.org"),
        "{with:?}"
    );
}

#[tokio::test]
async fn invalid_queries_are_refused() {
    let school = School::start().await;
    let (nobody, token) = (
        school.nobody(),
        api_client_token(
            &school,
            &["bookings:read", "invites:read", "attendance:read", "evenings:read"],
        )
        .await,
    );
    for (list, _) in LISTS {
        get(&nobody, &format!("{list}?updated_since=yesterday"), &token)
            .await
            .refuses(422, "invalid");
        get(&nobody, &format!("{list}?evening_id=none"), &token).await.refuses(400, "bad_request");
    }
    // Another school's evening.
    let other_school = school.other_school().await;
    assert!(
        other_school
            .staff
            .get(&format!("/bookings?evening_id={}", school.people.evening.0))
            .await
            .is(200)
            .list("/items")
            .is_empty()
    );
    assert!(other_school.staff.get("/invites").await.is(200).list("/items").is_empty());
}

#[tokio::test]
async fn if_none_match_gives_304() {
    let school = School::start().await;
    let office = school.staff().await;
    for (list, _) in LISTS {
        let first = office.get(list).await.is(200);
        let tag = first.header("etag").unwrap().to_owned();
        let again = async |tag: &str| {
            office.send("GET", list, office.request("GET", list).header("if-none-match", tag)).await
        };
        let same = again(&tag).await.is(304);
        assert_eq!((same.header("etag"), same.text.as_str()), (Some(tag.as_str()), ""));
        again(&format!("\"other\", W/{tag}")).await.is(304);
        again("\"other\"").await.is(200);
    }
    let parent = school.parent().await;
    let path = format!(
        "/bookings?updated_since={}",
        school.now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
    );
    let tag = office.get(&path).await.is(200).header("etag").unwrap().to_owned();
    let booking = parent.get(&school.evening("/bookings")).await.is(200).text_at("/rows/0/id");
    parent.delete(&format!("/bookings/{booking}")).await.is(204);
    school.advance_clock(TimeDelta::seconds(1));
    office
        .send("GET", &path, office.request("GET", &path).header("if-none-match", tag))
        .await
        .is(200);
    school.ignore_mail("bookings.rs tests the mail about a cancellation");
}

#[tokio::test]
async fn attendance_lists_joins_and_leaves() {
    let school = School::start().await;
    let parent = school.parent().await;
    let rows = parent.get(&school.evening("/bookings")).await.is(200);
    let (booking, starts_at) = (rows.text_at("/rows/0/id"), rows.text_at("/rows/0/starts_at"));
    school.clock.set(starts_at.parse().unwrap());
    school.advance_clock(TimeDelta::seconds(-5));
    let door = format!("/bookings/{booking}/call");
    let mut abell = school.teacher().await.join_call(&door, "desk").await;
    abell.seated().await;
    school.advance_clock(TimeDelta::seconds(1));
    let mut rachel = school.parent().await.join_call(&door, "phone").await;
    rachel.seated().await;
    school.advance_clock(TimeDelta::seconds(15));
    rachel.send_message(ClientMessage::Leave).await;
    rachel.evicted().await;
    let token = api_client_token(&school, &["attendance:read"]).await;
    let list =
        all(&school, &format!("/attendance?evening_id={}", school.people.evening.0), &token, 100)
            .await;
    let met = list.iter().find(|record| record["booking_id"] == booking.as_str()).unwrap();
    let people = met["people"].as_array().unwrap();
    assert_eq!(
        people.iter().map(|one| one["role"].as_str().unwrap()).collect::<Vec<_>>(),
        ["teacher", "parent"]
    );
    assert!(
        people[0]["left_at"].is_null()
            && people[1]["left_at"].is_string()
            && met["no_show"] == false,
        "{met}"
    );
    assert_eq!(people[1]["id"], school.people.parent.0.to_string());
    assert_eq!(
        (people[0]["sourced_id"].as_str(), people[1]["sourced_id"].as_str()),
        (Some("t-abell"), Some("p-rachel-aaron"))
    );
    // A filter by id reads only the thing that a webhook named; it has the roster's ids.
    let token =
        api_client_token(&school, &["bookings:read", "invites:read", "attendance:read"]).await;
    let one = async |list: &str, id: &str| {
        get(&school.nobody(), &format!("{list}?id={id}"), &token).await.is(200).list("/items")
    };
    let of = one("/bookings", &booking).await;
    assert_eq!(ids(&of, "id"), [booking.as_str()]);
    assert_eq!(
        (&of[0]["parent_sourced_id"], &of[0]["teacher_sourced_ids"]),
        (&json!("p-rachel-aaron"), &json!(["t-abell"]))
    );
    assert!(
        of[0]["student_sourced_id"].as_str().unwrap().ends_with("-aaron")
            && !of[0]["class_sourced_id"].as_str().unwrap().is_empty()
    );
    assert_eq!(ids(&one("/attendance", &booking).await, "booking_id"), [booking.as_str()]);
    let invite = school.people.invite.unwrap().0.to_string();
    let of = one("/invites", &invite).await;
    assert_eq!(
        (ids(&of, "id"), &of[0]["parent_sourced_id"]),
        (vec![invite.clone()], &json!("p-rachel-aaron"))
    );
    assert!(
        of[0]["student_sourced_ids"]
            .as_array()
            .unwrap()
            .iter()
            .all(|id| id.as_str().unwrap().ends_with("-aaron")),
        "{of:?}"
    );
    assert!(one("/bookings", &invite).await.is_empty());
    assert!(
        list.iter().all(|record| record["starts_at"].as_str().unwrap() <= starts_at.as_str()),
        "only what has begun"
    );
}
