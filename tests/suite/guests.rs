//! Tests of the guest's side: the link's page before and after the button, and that reading it
//! changes nothing.

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
    // A guest's cookie is not valid for a person's operation.
    guest.get("/me").await.refuses(401, "not_logged_in");
    guest.delete("/guest_sessions").await.is(204);
    guest.get("/guest/appointments").await.refuses(401, "not_logged_in");
}

#[tokio::test]
async fn previewing_the_link_changes_nothing() {
    let school = School::start().await;
    let token = json!({ "token": token_of(school.demo_mail_to(GUEST)) });
    let parent = school.parent().await;
    let path = format!("/invites/{}", school.people.invite.unwrap().0);
    let before = parent.get(&path).await.is(200);
    assert_eq!(before.text_at("/state"), "sent");
    for _ in 0..3 {
        let preview = school.nobody().post("/guest_links/preview", token.clone()).await.is(200);
        assert_eq!(
            (preview.body["own_invite"].as_bool(), preview.body["in_session"].as_bool()),
            (Some(false), Some(false))
        );
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
async fn inviting_parent_cannot_use_the_guest_link() {
    let school = School::start().await;
    let token = json!({ "token": token_of(school.demo_mail_to(GUEST)) });
    let parent = school.parent().await;
    assert_eq!(
        parent.post("/guest_links/preview", token.clone()).await.is(200).body["own_invite"]
            .as_bool(),
        Some(true)
    );
    parent.post("/guest_sessions", token).await.refuses(409, "own_invite");
    let path = format!("/invites/{}", school.people.invite.unwrap().0);
    assert_eq!(parent.get(&path).await.is(200).text_at("/state"), "sent");
}

#[tokio::test]
async fn guest_link_expires_after_the_evening() {
    let school = School::start().await;
    let token = json!({ "token": token_of(school.demo_mail_to(GUEST)) });
    school.clock.set("2026-11-26T20:30:00Z".parse().unwrap());
    school.nobody().post("/guest_links/preview", token.clone()).await.refuses(410, "link_dead");
    school.nobody().post("/guest_sessions", token).await.refuses(410, "link_dead");
}

#[tokio::test]
async fn renewing_a_link_invalidates_the_older_one() {
    let school = School::start().await;
    let older = json!({ "token": token_of(school.demo_mail_to(GUEST)) });
    school.nobody().post("/guest_links/preview", older.clone()).await.is(200);
    school.execute("update invites set generation = generation + 1").await;
    for path in ["/guest_links/preview", "/guest_sessions", "/guest_links/decline"] {
        school.nobody().post(path, older.clone()).await.refuses(410, "link_renewed");
    }
    // The mail that is sent again carries the new link.
    school.advance_clock(chrono::TimeDelta::hours(1));
    let parent = school.parent().await;
    parent
        .post(&format!("/invites/{}/resend", school.people.invite.unwrap().0), json!({}))
        .await
        .is(202);
    let newer = json!({ "token": token_of(&school.mail_to(GUEST).await) });
    school.nobody().post("/guest_links/preview", newer).await.is(200);
}

#[tokio::test]
async fn lost_guest_link_is_mailed_again() {
    let school = School::start().await;
    let link = token_of(school.demo_mail_to(GUEST));
    // Known and unknown addresses get the same response; only the worker knows the difference.
    let unknown = school
        .nobody()
        .post("/guest_links/requests", json!({ "email": "nobody@example.org" }))
        .await
        .is(202);
    let known = school
        .nobody()
        .post("/guest_links/requests", json!({ "email": "<Jordan.Aaron@EXAMPLE.org>," }))
        .await
        .is(202);
    assert_eq!((unknown.text.as_str(), known.text.as_str()), ("", ""));
    assert!(unknown.header("set-cookie").is_none() && known.header("set-cookie").is_none());
    // One mail was sent, with the same link.
    let mail = school.mail_to(GUEST).await;
    assert_eq!(token_of(&mail), link);
    assert!(mail.calendar.is_empty(), "the calendar has the appointments already");
    assert!(!mail.text.contains("Sophie") && !mail.html.contains("Sophie"), "{}", mail.text);
    school.nobody().post("/guest_links/preview", json!({ "token": link })).await.is(200);
    // A text that is no address is refused.
    school
        .nobody()
        .post("/guest_links/requests", json!({ "email": "jordan" }))
        .await
        .refuses(422, "invalid");
    school.nobody().post("/guest_links/requests", json!({})).await.refuses(422, "invalid");
}

#[tokio::test]
async fn guest_link_requests_share_the_login_mail_throttle() {
    let school = School::start().await;
    for _ in 0..4 {
        school
            .nobody()
            .post("/guest_links/requests", json!({ "email": "nobody@example.org" }))
            .await
            .is(202);
    }
    // Requests for login mails and for guest links share one limit.
    school.nobody().post("/login_links", json!({ "email": "nobody@example.org" })).await.is(202);
    let refused = school
        .nobody()
        .post("/guest_links/requests", json!({ "email": "nobody@example.org" }))
        .await
        .refuses(429, "too_many_requests");
    assert_eq!(refused.header("retry-after"), Some("180"));
    school.advance_clock(chrono::TimeDelta::minutes(3));
    school
        .nobody()
        .post("/guest_links/requests", json!({ "email": "nobody@example.org" }))
        .await
        .is(202);
    assert!(school.mails().await.is_empty(), "nobody has a live invite");
}

#[tokio::test]
async fn ended_or_barred_invite_link_is_not_mailed() {
    for ended_by in ["remove", "decline", "bar", "time"] {
        let school = School::start().await;
        let invite = format!("/invites/{}", school.people.invite.unwrap().0);
        match ended_by {
            "remove" => school.parent().await.delete(&invite).await.is(204),
            "decline" => school
                .nobody()
                .post(
                    "/guest_links/decline",
                    json!({ "token": token_of(school.demo_mail_to(GUEST)) }),
                )
                .await
                .is(204),
            "bar" => {
                let staff = school.staff().await;
                let student =
                    school.parent().await.get(&invite).await.is(200).text_at("/students/0/id");
                staff.post("/bars", json!({ "student_id": student, "email": GUEST })).await.is(201)
            }
            _ => school.nobody().get("/school").await.is(200),
        };
        school.mails().await;
        if ended_by == "time" {
            school.clock.set("2026-11-26T20:30:00Z".parse().unwrap());
        }
        school.nobody().post("/guest_links/requests", json!({ "email": GUEST })).await.is(202);
        assert!(school.mails().await.is_empty(), "after {ended_by}");
    }
}

#[tokio::test]
async fn all_live_links_of_an_address_are_sent_in_one_mail() {
    let school = School::start().await;
    let first = token_of(school.demo_mail_to(GUEST));
    let parent = school.parent().await;
    let invites = parent.get(&school.evening("/invites")).await.is(200);
    let free = invites
        .list("/students")
        .into_iter()
        .find(|student| student["invited"] == false)
        .expect("a student without an invite");
    let new = json!({
        "name": "Jordan Aaron",
        "email": GUEST,
        "student_ids": [free["student"]["id"]],
        "consent": true,
    });
    parent.post(&school.evening("/invites"), new).await.is(201);
    let second = token_of(&school.mail_to(GUEST).await);
    school.nobody().post("/guest_links/requests", json!({ "email": GUEST })).await.is(202);
    let mail = school.mail_to(GUEST).await;
    assert!(
        mail.text.contains(&first) && mail.text.contains(&second) && first != second,
        "{}",
        mail.text
    );
}
