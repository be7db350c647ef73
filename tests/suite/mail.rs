//! Who gets mail when an appointment changes; and that no test leaves mail that nobody looked at.

use serde_json::json;

use crate::harness::{School, wishes};

const RACHEL: &str = "rachel.aaron@example.org";
const GUEST: &str = "jordan.aaron@example.org";

/// Since the last look these have got mail, with subjects that begin so; nobody else has.
async fn check_told(school: &School, expected: &[(&str, &str)]) {
    let mut mails = school.mails().await;
    mails.sort_by(|one, other| one.to.cmp(&other.to));
    let found: Vec<(&str, &str)> = mails.iter().map(|mail| (mail.to.as_str(), mail.subject.as_str())).collect();
    let fits = |(found, expected): (&(&str, &str), &(&str, &str))| found.0 == expected.0 && found.1.starts_with(expected.1);
    assert!(found.len() == expected.len() && found.iter().zip(expected).all(fits), "expected {expected:?}, found {found:?}");
}

#[tokio::test]
async fn parent_and_guest_are_told_of_each_change() {
    let school = School::start().await;
    let parent = school.parent().await;
    let covered = parent.get(&school.evening("/invites")).await.is(200).text_at("/items/0/students/0/id");
    let mut open = wishes(&school, &parent).await.into_iter();
    let wish = open.find(|wish| wish.student == covered && wish.free.len() > 1).unwrap();
    let made = parent.post(&school.evening("/bookings"), json!({ "bookings": [wish.at(&wish.free[0])] })).await.is(201);
    let path = format!("/bookings/{}", made.text_at("/items/0/id"));
    let guest = (GUEST, "Appointments you may join have changed: Year 9 Parents’ Evening");
    check_told(&school, &[guest, (RACHEL, "Your appointments: Year 9 Parents’ Evening")]).await;
    parent.patch(&path, json!({ "starts_at": wish.free[1] })).await.is(200);
    check_told(&school, &[guest, (RACHEL, "Changed: ")]).await;
    parent.delete(&path).await.is(204);
    check_told(&school, &[guest, (RACHEL, "Cancelled: ")]).await;
}

#[tokio::test]
async fn nobody_is_told_of_what_was_refused() {
    let school = School::start().await;
    let parent = school.parent().await;
    parent.post(&school.evening("/bookings"), json!({ "bookings": [] })).await.refuses(422, "nothing_chosen");
    check_told(&school, &[]).await;
}

#[tokio::test]
#[should_panic(expected = "mail that nobody looked at")]
async fn mail_that_waits_fails_the_test() {
    let school = School::start().await;
    school.nobody().post("/login_links", json!({ "email": RACHEL })).await.is(202);
}

#[tokio::test]
#[should_panic(expected = "sent to rachel.aaron@example.org")]
async fn mail_that_was_sent_to_somebody_else_fails_the_test() {
    let school = School::start().await;
    for email in [RACHEL, "helen.okafor@example.org"] {
        school.nobody().post("/login_links", json!({ "email": email })).await.is(202);
    }
    school.mail_to("helen.okafor@example.org").await;
}

#[tokio::test]
async fn a_test_may_leave_mail_if_it_says_why() {
    let school = School::start().await;
    school.nobody().post("/login_links", json!({ "email": RACHEL })).await.is(202);
    school.ignore_mail("this test is about leaving mail");
}
