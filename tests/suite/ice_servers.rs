//! What browsers are told to reach each other: TURN credentials that name nobody and end.

use chrono::{DateTime, TimeDelta};

use crate::harness::School;

const TURN: [(&str, &str); 4] = [
    ("PARLOUR_MODE", "demo"),
    ("PARLOUR_STUN_URLS", "stun:turn.example.org:3478"),
    ("PARLOUR_TURN_URLS", "turn:turn.example.org:3478?transport=udp, turns:turn.example.org:443?transport=tcp"),
    ("PARLOUR_TURN_SECRET", "north north north"),
];

#[tokio::test]
async fn turn_credentials_name_nobody_and_end() {
    let school = School::start_with(&TURN).await;
    let (parent, guest) = (school.parent().await, school.guest().await);
    let one = parent.get("/ice_servers").await.is(200);
    assert_eq!((one.list("/ice_servers").len(), one.list("/ice_servers/1/urls").len()), (2, 2));
    assert_eq!(one.text_at("/transport_policy"), "all");
    let user = one.text_at("/ice_servers/1/username");
    let (expiry, id) = user.split_once(':').unwrap();
    let expires_at: DateTime<chrono::FixedOffset> = one.text_at("/expires_at").parse().unwrap();
    assert_eq!(expiry, expires_at.timestamp().to_string());
    assert!(expires_at > school.now() && expires_at <= school.now() + TimeDelta::hours(12), "{expires_at}");
    assert!(id.len() >= 16, "{id}");
    // Nobody can tell from two answers that they were the same person's.
    let again = parent.get("/ice_servers").await.is(200);
    assert_ne!(again.text_at("/ice_servers/1/username"), user);
    assert_ne!(again.text_at("/ice_servers/1/credential"), one.text_at("/ice_servers/1/credential"));
    guest.get("/ice_servers").await.is(200);
    school.nobody().get("/ice_servers").await.refuses(401, "not_logged_in");
}

#[tokio::test]
async fn a_guest_of_a_removed_invite_gets_none() {
    let school = School::start_with(&TURN).await;
    let (parent, guest) = (school.parent().await, school.guest().await);
    parent.delete(&format!("/invites/{}", school.people.invite.unwrap().0)).await.is(204);
    guest.get("/ice_servers").await.refuses(410, "invite_removed");
    school.mails().await;
}

#[tokio::test]
async fn without_servers_the_list_is_empty() {
    let school = School::start().await;
    let found = school.parent().await.get("/ice_servers").await.is(200);
    assert!(found.list("/ice_servers").is_empty() && found.body["expires_at"].is_null(), "{}", found.text);
}

#[tokio::test]
async fn a_school_may_have_all_media_relayed() {
    let school = School::start_with(&[&TURN[..], &[("PARLOUR_TURN_POLICY", "relay")]].concat()).await;
    assert_eq!(school.teacher().await.get("/ice_servers").await.is(200).text_at("/transport_policy"), "relay");
}
