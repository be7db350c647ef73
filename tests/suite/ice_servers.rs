//! Tests of the ICE servers for browsers: TURN credentials expire and identify nobody.

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};

use crate::harness::{Actor, School};

const TURN: [(&str, &str); 4] = [
    ("PARLOUR_MODE", "demo"),
    ("PARLOUR_STUN_URLS", "stun:turn.example.org:3478"),
    (
        "PARLOUR_TURN_URLS",
        "turn:turn.example.org:3478?transport=udp, turns:turn.example.org:443?transport=tcp",
    ),
    ("PARLOUR_TURN_SECRET", "north north north"),
];

/// Expiry and id in the TURN user name, and the `expires_at` of the response.
async fn credential(who: &Actor, query: &str) -> (i64, String, DateTime<FixedOffset>) {
    let answer = who.get(&format!("/ice_servers{query}")).await.is(200);
    assert_eq!(
        (answer.list("/ice_servers").len(), answer.list("/ice_servers/1/urls").len()),
        (2, 2)
    );
    let user = answer.text_at("/ice_servers/1/username");
    let (expiry, id) = user.split_once(':').unwrap();
    (expiry.parse().unwrap(), id.to_owned(), answer.text_at("/expires_at").parse().unwrap())
}

/// `?booking_id=` of Rachel's first appointment, which Jordan's invite covers, and of the third,
/// which it does not cover.
async fn queries(parent: &Actor, school: &School) -> [String; 2] {
    let mine = parent.get(&school.evening("/bookings")).await.is(200);
    let booked: Vec<String> = mine
        .list("/rows")
        .iter()
        .filter(|row| row["kind"] == "booking")
        .map(|row| format!("?booking_id={}", row["id"].as_str().unwrap()))
        .collect();
    [booked[0].clone(), booked[2].clone()]
}

#[tokio::test]
async fn turn_username_is_stable_and_opaque_per_session() {
    let school = School::start_with(&TURN).await;
    let (parent, again, guest, teacher) = (
        school.parent().await,
        school.parent().await,
        school.guest().await,
        school.teacher().await,
    );
    let [query, _] = queries(&parent, &school).await;
    let (_, name, _) = credential(&parent, "").await;
    assert!(name.len() >= 16, "{name}");
    school.advance_clock(TimeDelta::minutes(3));
    assert_eq!(credential(&parent, "").await.1, name, "coturn counts a user's connections by it");
    assert_eq!(credential(&parent, &query).await.1, name);
    // The ids do not reveal that two sessions belong to the same person.
    let mut names = vec![name];
    for other in [&again, &guest, &teacher] {
        names.push(credential(other, "").await.1);
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 4);
    assert_eq!(guest.get("/ice_servers").await.is(200).text_at("/transport_policy"), "all");
    school.nobody().get("/ice_servers").await.refuses(401, "not_logged_in");
    school.nobody().get(&format!("/ice_servers{query}")).await.refuses(401, "not_logged_in");
}

#[tokio::test]
async fn turn_credentials_expire_soon_after_the_appointment() {
    let school = School::start_with(&TURN).await;
    let (parent, guest, teacher, stranger) = (
        school.parent().await,
        school.guest().await,
        school.teacher().await,
        school.stranger().await,
    );
    let [query, not_the_guests] = queries(&parent, &school).await;
    let check = async |who: &Actor, query: &str, expected: DateTime<Utc>| {
        let (expiry, _, expires_at) = credential(who, query).await;
        assert_eq!((expiry, expires_at.to_utc()), (expected.timestamp(), expected), "{query}");
    };
    // Days before the appointment the credentials are only for the device check.
    let soon = school.now() + TimeDelta::minutes(5);
    for who in [&parent, &guest, &teacher, &stranger] {
        check(who, "", soon).await;
    }
    for who in [&parent, &guest, &teacher] {
        check(who, &query, soon).await;
    }
    stranger.get(&format!("/ice_servers{query}")).await.refuses(404, "not_found");
    guest.get(&format!("/ice_servers{not_the_guests}")).await.refuses(404, "not_found");
    guest.get("/ice_servers?booking_id=7").await.refuses(400, "bad_request");

    // Ten minutes before the appointment and later, the credentials are valid until a quarter of an
    // hour after its end.
    school.clock.set("2026-11-26T15:50:00Z".parse().unwrap());
    let end: DateTime<Utc> = "2026-11-26T16:05:00Z".parse().unwrap();
    for who in [&parent, &guest, &teacher] {
        check(who, &query, end + TimeDelta::minutes(15)).await;
        check(who, "", school.now() + TimeDelta::minutes(5)).await;
    }
    school.clock.set(end);
    check(&parent, &query, end + TimeDelta::minutes(5)).await;
}

#[tokio::test]
async fn guest_of_a_removed_invite_gets_no_turn_credentials() {
    let school = School::start_with(&TURN).await;
    let (parent, guest) = (school.parent().await, school.guest().await);
    parent.delete(&format!("/invites/{}", school.people.invite.unwrap().0)).await.is(204);
    guest.get("/ice_servers").await.refuses(410, "invite_removed");
    let [query, _] = queries(&parent, &school).await;
    guest.get(&format!("/ice_servers{query}")).await.refuses(410, "invite_removed");
    school.mails().await;
}

#[tokio::test]
async fn without_servers_the_list_is_empty() {
    let school = School::start().await;
    let found = school.parent().await.get("/ice_servers").await.is(200);
    assert!(
        found.list("/ice_servers").is_empty() && found.body["expires_at"].is_null(),
        "{}",
        found.text
    );
}

#[tokio::test]
async fn relay_policy_can_be_enforced() {
    let school =
        School::start_with(&[&TURN[..], &[("PARLOUR_TURN_POLICY", "relay")]].concat()).await;
    assert_eq!(
        school.teacher().await.get("/ice_servers").await.is(200).text_at("/transport_policy"),
        "relay"
    );
}
