//! The guest's side: what the link shows before and after the button, and what reading changes, which is nothing.

use serde_json::json;

use crate::harness::{School, token_of};

const GUEST: &str = "jordan.aaron@example.org";

#[tokio::test]
async fn a_guest_sees_only_the_students_covered() {
    let school = School::start().await;
    let guest = school.guest().await;
    let seen = guest.get("/guest/appointments").await.is(200);
    assert_eq!(seen.list("/invites").len(), 1);
    assert!(seen.text.contains("Sophie"), "{}", seen.text);
    for sibling in ["Liz Aaron", "Chris Aaron"] {
        assert!(!seen.text.contains(sibling), "{sibling} in {}", seen.text);
    }
    // A guest's cookie is no person's.
    guest.get("/me").await.refuses(401, "not_logged_in");
    guest.delete("/guest_sessions").await.is(204);
    guest.get("/guest/appointments").await.refuses(401, "not_logged_in");
}

#[tokio::test]
async fn reading_the_link_changes_nothing() {
    let school = School::start().await;
    let token = json!({ "token": token_of(school.demo_mail_to(GUEST)) });
    let parent = school.parent().await;
    let path = format!("/invites/{}", school.people.invite.unwrap().0);
    let before = parent.get(&path).await.is(200);
    assert_eq!(before.text_at("/state"), "sent");
    for _ in 0..3 {
        let preview = school.nobody().post("/guest_links/preview", token.clone()).await.is(200);
        assert_eq!((preview.body["own_invite"].as_bool(), preview.body["in_session"].as_bool()), (Some(false), Some(false)));
        for hidden in ["Sophie", "Abell"] {
            assert!(!preview.text.contains(hidden), "{hidden} in {}", preview.text);
        }
    }
    assert_eq!(parent.get(&path).await.is(200).body, before.body);
    let guest = school.nobody();
    guest.post("/guest_sessions", token).await.is(201);
    assert_eq!(parent.get(&path).await.is(200).text_at("/state"), "opened");
}

#[tokio::test]
async fn the_inviting_parent_is_led_to_their_own_door() {
    let school = School::start().await;
    let token = json!({ "token": token_of(school.demo_mail_to(GUEST)) });
    let parent = school.parent().await;
    assert_eq!(parent.post("/guest_links/preview", token.clone()).await.is(200).body["own_invite"].as_bool(), Some(true));
    parent.post("/guest_sessions", token).await.refuses(409, "own_invite");
    let path = format!("/invites/{}", school.people.invite.unwrap().0);
    assert_eq!(parent.get(&path).await.is(200).text_at("/state"), "sent");
}

#[tokio::test]
async fn a_link_dies_after_the_evening() {
    let school = School::start().await;
    let token = json!({ "token": token_of(school.demo_mail_to(GUEST)) });
    school.clock.set("2026-11-26T20:30:00Z".parse().unwrap());
    school.nobody().post("/guest_links/preview", token.clone()).await.refuses(410, "link_dead");
    school.nobody().post("/guest_sessions", token).await.refuses(410, "link_dead");
}

#[tokio::test]
async fn a_renewed_link_kills_the_older_one() {
    let school = School::start().await;
    let older = json!({ "token": token_of(school.demo_mail_to(GUEST)) });
    school.nobody().post("/guest_links/preview", older.clone()).await.is(200);
    school.execute("update invites set generation = generation + 1").await;
    for path in ["/guest_links/preview", "/guest_sessions", "/guest_links/decline"] {
        school.nobody().post(path, older.clone()).await.refuses(410, "link_renewed");
    }
    // The mail that is sent again carries the new one.
    school.wait(chrono::TimeDelta::hours(1));
    let parent = school.parent().await;
    parent.post(&format!("/invites/{}/resend", school.people.invite.unwrap().0), json!({})).await.is(202);
    let newer = json!({ "token": token_of(&school.mail_to(GUEST).await) });
    school.nobody().post("/guest_links/preview", newer).await.is(200);
}
