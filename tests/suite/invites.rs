//! Tests of invites: one per student, refusals and their texts, resending, removing, declining, and
//! barred guests.

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::{Actor, School, TestResponse, token_of};

const EMAIL: &str = "sam@example.org";
const INVITE_EXISTS: &str =
    "Unable to invite another parent/guardian. Only one invite can be sent per student.";

fn invite(students: &[&str]) -> Value {
    json!({ "name": "Sam Aaron", "email": EMAIL, "student_ids": students, "consent": true })
}

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

async fn send(school: &School, parent: &Actor, body: Value) -> TestResponse {
    parent.post(&school.evening("/invites"), body).await
}

/// Counts the mails since the last check, all of which must be addressed to the guest.
async fn sent(school: &School) -> usize {
    let mails = school.mails().await;
    assert!(
        mails.iter().all(|mail| mail.to == EMAIL),
        "{:?}",
        mails.iter().map(|mail| (&mail.to, &mail.subject)).collect::<Vec<_>>()
    );
    mails.len()
}

/// Ids of Rachel's students: Sophie, for whom a guest is invited, and the two others.
async fn students(school: &School, parent: &Actor) -> (String, [String; 2]) {
    let overview = parent.get(&school.evening("/invites")).await.is(200);
    let id = |one: &Value| one["student"]["id"].as_str().unwrap().to_owned();
    let (invited, free): (Vec<Value>, Vec<Value>) =
        overview.list("/students").into_iter().partition(|one| one["invited"] == true);
    (id(&invited[0]), [id(&free[0]), id(&free[1])])
}

#[tokio::test]
async fn each_student_has_at_most_one_invite() {
    let school = School::start().await;
    let parent = school.parent().await;
    let (sophie, [liz, chris]) = students(&school, &parent).await;
    send(&school, &parent, invite(&[&sophie])).await.refuses(409, "invite_exists");
    let refused =
        send(&school, &parent, invite(&[&liz, &sophie])).await.refuses(409, "invite_exists");
    assert_eq!(refused.text_at("/detail"), INVITE_EXISTS);
    send(&school, &parent, invite(&[&liz])).await.is(201);
    send(&school, &parent, invite(&[&chris])).await.is(201);
    let overview = parent.get(&school.evening("/invites")).await.is(200);
    assert_eq!(
        (overview.body["can_invite"].as_bool(), overview.text_at("/refusal_detail").as_str()),
        (Some(false), INVITE_EXISTS)
    );
    assert_eq!(overview.list("/items").len(), 3);
    assert_eq!(sent(&school).await, 2);
}

#[tokio::test]
async fn validation_errors_have_codes() {
    let school = School::start().await;
    let parent = school.parent().await;
    let (_, [liz, _]) = students(&school, &parent).await;
    let good = invite(&[&liz]);
    let check = async |field: &str, value: Value, code: &str| {
        send(&school, &parent, with(good.clone(), field, value)).await.refuses(422, code);
    };
    check("consent", json!(false), "consent_missing").await;
    for email in ["", "sam", "sam@example", "sam@127.0.0.1", "a b@example.org"] {
        check("email", json!(email), "email_invalid").await;
    }
    for name in ["", "see https://evil.example", "Sam\u{7}"] {
        check("name", json!(name), "name_invalid").await;
    }
    check("name", json!("x".repeat(101)), "name_invalid").await;
    check("student_ids", json!([]), "no_student_chosen").await;
    check("student_ids", json!([school.people.parent.0]), "student_not_involved").await;
    check("email", json!("rachel.aaron@example.org"), "own_address").await;
    check("colour", json!("green"), "invalid").await;
    let staff = school.staff().await;
    let path = format!("{}?parent_id={}", school.evening("/invites"), school.people.parent.0);
    staff.post(&path, good.clone()).await.refuses(422, "consent_record_missing");
    staff.post(&path, with(good, "consent_record", json!("phone"))).await.is(201);
    assert_eq!(sent(&school).await, 1);
}

#[tokio::test]
async fn inviting_requires_an_appointment() {
    let school = School::start().await;
    school.execute("delete from claims").await;
    school.execute("update bookings set cancelled_at = created_at").await;
    let parent = school.parent().await;
    let (_, [liz, _]) = students(&school, &parent).await;
    send(&school, &parent, invite(&[&liz])).await.refuses(409, "no_appointment");
}

#[tokio::test]
async fn concurrent_invites_for_a_student_send_one() {
    let school = School::start().await;
    let parent = school.parent().await;
    let (_, [liz, _]) = students(&school, &parent).await;
    let answers = join_all((0..20).map(|_| send(&school, &parent, invite(&[&liz])))).await;
    let won = answers.iter().filter(|answer| answer.status == 201).count();
    let lost = answers.iter().filter(|answer| answer.code() == "invite_exists").count();
    assert_eq!(
        (won, lost),
        (1, 19),
        "{:?}",
        answers.iter().map(|answer| answer.text.clone()).collect::<Vec<_>>()
    );
    assert_eq!(sent(&school).await, 1);
}

#[tokio::test]
async fn concurrent_invites_with_one_idempotency_key_make_one() {
    let school = School::start().await;
    let parent = school.parent().await;
    let (_, [liz, _]) = students(&school, &parent).await;
    let path = school.evening("/invites");
    let answers =
        join_all((0..20).map(|_| parent.post_with_idempotency_key(&path, "once", invite(&[&liz]))))
            .await;
    for answer in &answers {
        assert_eq!(
            (answer.status, &answer.body["id"]),
            (201, &answers[0].body["id"]),
            "{}",
            answer.text
        );
    }
    assert_eq!(sent(&school).await, 1);
    assert_eq!(parent.get(&path).await.list("/items").len(), 2);
}

#[tokio::test]
async fn resend_is_limited_to_ten_minutes_and_keeps_the_link() {
    let school = School::start().await;
    let parent = school.parent().await;
    let (_, [liz, _]) = students(&school, &parent).await;
    let id = send(&school, &parent, invite(&[&liz])).await.is(201).text_at("/id");
    let first = token_of(&school.mail_to(EMAIL).await);
    let resend = format!("/invites/{id}/resend");
    let again = async || parent.send("POST", &resend, parent.request("POST", &resend)).await;
    again().await.refuses(429, "resend_too_soon");
    for _ in 0..5 {
        school.advance_clock(TimeDelta::minutes(10));
        again().await.is(202);
        assert_eq!(token_of(&school.mail_to(EMAIL).await), first);
    }
    school.advance_clock(TimeDelta::minutes(10));
    again().await.refuses(429, "resend_limit");
}

#[tokio::test]
async fn resend_and_renew_are_idempotent() {
    let school = School::start().await;
    let parent = school.parent().await;
    let (_, [liz, _]) = students(&school, &parent).await;
    let id = send(&school, &parent, invite(&[&liz])).await.is(201).text_at("/id");
    school.mail_to(EMAIL).await;
    for what in ["resend", "renew"] {
        school.advance_clock(TimeDelta::minutes(10));
        let path = format!("/invites/{id}/{what}");
        let request = || parent.request("POST", &path).header("idempotency-key", what);
        let first = parent.send("POST", &path, request()).await.is(202);
        let again = parent.send("POST", &path, request()).await.is(202);
        assert_eq!(first.body, again.body, "{what}");
        school.mail_to(EMAIL).await;
        let sent = school.mails().await.into_iter().filter(|mail| mail.to == EMAIL).count();
        assert_eq!(sent, 0, "{what} mailed once");
    }
    // A key belongs to one request and can't be used for another operation.
    let other = format!("/invites/{id}/renew");
    parent
        .send("POST", &other, parent.request("POST", &other).header("idempotency-key", "resend"))
        .await
        .refuses(409, "idempotency_key_reused");
}

#[tokio::test]
async fn renewing_replaces_the_link() {
    let school = School::start().await;
    let parent = school.parent().await;
    let (_, [liz, _]) = students(&school, &parent).await;
    let id = send(&school, &parent, invite(&[&liz])).await.is(201).text_at("/id");
    let first = json!({ "token": token_of(&school.mail_to(EMAIL).await) });
    let guest = school.nobody();
    guest.post("/guest_sessions", first.clone()).await.is(201);
    let renew = format!("/invites/{id}/renew");
    let again =
        async |actor: &Actor| actor.send("POST", &renew, actor.request("POST", &renew)).await;
    again(&parent).await.refuses(429, "resend_too_soon");
    school.advance_clock(TimeDelta::minutes(10));
    again(&school.stranger().await).await.refuses(404, "not_found");
    again(&school.teacher().await).await.refuses(403, "wrong_role");
    assert_eq!(again(&parent).await.is(202).text_at("/state"), "opened");
    let second = json!({ "token": token_of(&school.mail_to(EMAIL).await) });
    assert_ne!(first, second);
    guest.get("/guest/appointments").await.refuses(401, "not_logged_in");
    for path in
        ["/guest_links/preview", "/guest_sessions", "/guest_links/decline", "/guest_links/renew"]
    {
        school.nobody().post(path, first.clone()).await.refuses(410, "link_renewed");
    }
    let preview = school.nobody().post("/guest_links/preview", second.clone()).await.is(200);
    assert_eq!(preview.body["in_call"], json!(false));
    guest.post("/guest_sessions", second.clone()).await.is(201);

    // The guest renews the link.
    school
        .nobody()
        .post("/guest_links/renew", second.clone())
        .await
        .refuses(429, "resend_too_soon");
    school.advance_clock(TimeDelta::minutes(10));
    // The response to the first request is lost. A retry makes no other link.
    for _ in 0..2 {
        school
            .nobody()
            .post_with_idempotency_key("/guest_links/renew", "renew-1", second.clone())
            .await
            .is(204);
    }
    school
        .nobody()
        .post_with_idempotency_key("/guest_links/renew", "renew-2", second.clone())
        .await
        .refuses(410, "link_renewed");
    let third = json!({ "token": token_of(&school.mail_to(EMAIL).await) });
    school.nobody().post("/guest_links/preview", second).await.refuses(410, "link_renewed");
    guest.get("/guest/appointments").await.refuses(401, "not_logged_in");
    guest.post("/guest_sessions", third).await.is(201);
    let history = parent.get(&school.evening("/history")).await.is(200);
    assert_eq!(
        history.list("/items").iter().filter(|entry| entry["action"] == "link_renewed").count(),
        2
    );
}

#[tokio::test]
async fn removed_invite_is_invalid_at_once() {
    let school = School::start().await;
    let parent = school.parent().await;
    let (_, [liz, _]) = students(&school, &parent).await;
    let id = send(&school, &parent, invite(&[&liz])).await.is(201).text_at("/id");
    let token = json!({ "token": token_of(&school.mail_to(EMAIL).await) });
    let guest = school.nobody();
    guest.post("/guest_sessions", token.clone()).await.is(201);
    guest.get("/guest/appointments").await.is(200);
    parent.delete(&format!("/invites/{id}")).await.is(204);
    assert!(school.mail_to(EMAIL).await.subject.ends_with("Rachel Aaron’s invite was removed"));
    school
        .nobody()
        .post("/guest_links/preview", token.clone())
        .await
        .refuses(410, "invite_removed");
    school.nobody().post("/guest_sessions", token).await.refuses(410, "invite_removed");
    guest.get("/guest/appointments").await.refuses(410, "invite_removed");
    parent.get(&format!("/invites/{id}")).await.refuses(410, "invite_removed");
    // The student can have another invite, also for the same guest.
    send(&school, &parent, invite(&[&liz])).await.is(201);
    let newer = json!({ "token": token_of(&school.mail_to(EMAIL).await) });
    school.nobody().post("/guest_links/preview", newer).await.is(200);
}

#[tokio::test]
async fn invites_are_limited_to_five_a_day() {
    let school = School::start().await;
    let parent = school.parent().await;
    let (_, [liz, _]) = students(&school, &parent).await;
    // Jordan's invite is the first of the day.
    for _ in 0..4 {
        let id = send(&school, &parent, invite(&[&liz])).await.is(201).text_at("/id");
        parent.delete(&format!("/invites/{id}")).await.is(204);
    }
    send(&school, &parent, invite(&[&liz])).await.refuses(429, "invite_limit");
    school.advance_clock(TimeDelta::hours(25));
    school.parent().await.post(&school.evening("/invites"), invite(&[&liz])).await.is(201);
    assert_eq!(
        sent(&school).await,
        1,
        "the guest gets no mail about invites removed before they were mailed"
    );
}

#[tokio::test]
async fn barred_contacts_cannot_be_invited() {
    let school = School::start().await;
    let parent = school.parent().await;
    let (_, [liz, chris]) = students(&school, &parent).await;
    school
        .staff()
        .await
        .post("/bars", json!({ "student_id": liz, "email": "Sam+x@example.org" }))
        .await
        .is(201);
    // One barred student makes the whole invite fail.
    let refused =
        send(&school, &parent, invite(&[&chris, &liz])).await.refuses(403, "ask_the_school");
    assert!(!refused.text.contains(&liz), "{}", refused.text);
    send(&school, &parent, with(invite(&[&liz]), "email", json!("SAM+school@example.org")))
        .await
        .refuses(403, "ask_the_school");
    // The roster does not allow this contact.
    send(&school, &parent, with(invite(&[&chris]), "email", json!("marcus.webb@example.org")))
        .await
        .refuses(403, "ask_the_school");
    // After three such refusals, every invite is refused like this.
    send(&school, &parent, with(invite(&[&chris]), "email", json!("fine@example.org")))
        .await
        .refuses(403, "ask_the_school");
    let mails = school.mails().await;
    assert!(
        mails.iter().all(
            |mail| !mail.to.to_lowercase().starts_with("sam") && !mail.to.starts_with("marcus")
        ),
        "a barred contact got a mail"
    );
    school.advance_clock(TimeDelta::hours(25));
    school
        .parent()
        .await
        .post(
            &school.evening("/invites"),
            with(invite(&[&chris]), "email", json!("fine@example.org")),
        )
        .await
        .is(201);
    school.mail_to("fine@example.org").await;
}

#[tokio::test]
async fn declining_ends_the_invite_and_suppresses_the_address() {
    let school = School::start().await;
    let parent = school.parent().await;
    let (_, [liz, _]) = students(&school, &parent).await;
    send(&school, &parent, invite(&[&liz])).await.is(201);
    let token = json!({ "token": token_of(&school.mail_to(EMAIL).await) });
    school.nobody().post("/guest_links/decline", token.clone()).await.is(204);
    school.mail_to("rachel.aaron@example.org").await;
    school.nobody().post("/guest_links/preview", token).await.refuses(410, "invite_removed");
    send(&school, &parent, invite(&[&liz])).await.refuses(409, "address_suppressed");
}
