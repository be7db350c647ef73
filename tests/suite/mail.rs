//! Tests of the mails about changed appointments, and of the check that no test leaves mail unread.

use chrono::{DateTime, TimeDelta, Utc};
use parlour::mail::Mail;
use serde_json::json;

use crate::harness::{Actor, School, bookable_classes};

const RACHEL: &str = "rachel.aaron@example.org";
const GUEST: &str = "jordan.aaron@example.org";

/// Checks that exactly these people have got mail since the last check, with subjects that begin
/// like this.
async fn check_mails(school: &School, expected: &[(&str, &str)]) {
    let mut mails = school.mails().await;
    mails.sort_by(|one, other| one.to.cmp(&other.to));
    let found: Vec<(&str, &str)> =
        mails.iter().map(|mail| (mail.to.as_str(), mail.subject.as_str())).collect();
    let fits = |(found, expected): (&(&str, &str), &(&str, &str))| {
        found.0 == expected.0 && found.1.starts_with(expected.1)
    };
    assert!(
        found.len() == expected.len() && found.iter().zip(expected).all(fits),
        "expected {expected:?}, found {found:?}"
    );
}

#[tokio::test]
async fn each_change_is_mailed_to_parent_and_guest() {
    let school = School::start().await;
    let parent = school.parent().await;
    let covered =
        parent.get(&school.evening("/invites")).await.is(200).text_at("/items/0/students/0/id");
    let mut open = bookable_classes(&school, &parent).await.into_iter();
    let bookable =
        open.find(|bookable| bookable.student == covered && bookable.free.len() > 1).unwrap();
    let made = parent
        .post(&school.evening("/bookings"), json!({ "bookings": [bookable.at(&bookable.free[0])] }))
        .await
        .is(201);
    let path = format!("/bookings/{}", made.text_at("/items/0/id"));
    let guest = (GUEST, "Appointments you may join have changed: Year 9 Parents’ Evening");
    check_mails(&school, &[guest, (RACHEL, "Your appointments: Year 9 Parents’ Evening")]).await;
    parent.patch(&path, json!({ "starts_at": bookable.free[1] })).await.is(200);
    check_mails(&school, &[guest, (RACHEL, "Changed: ")]).await;
    parent.delete(&path).await.is(204);
    check_mails(&school, &[guest, (RACHEL, "Cancelled: ")]).await;
}

#[tokio::test]
async fn refused_request_sends_no_mail() {
    let school = School::start().await;
    let parent = school.parent().await;
    parent
        .post(&school.evening("/bookings"), json!({ "bookings": [] }))
        .await
        .refuses(422, "nothing_chosen");
    check_mails(&school, &[]).await;
}

#[tokio::test]
#[should_panic(expected = "mail that nobody looked at")]
async fn unread_queued_mail_fails_the_test() {
    let school = School::start().await;
    school.nobody().post("/login_links", json!({ "email": RACHEL })).await.is(202);
}

#[tokio::test]
#[should_panic(expected = "sent to rachel.aaron@example.org")]
async fn unread_mail_to_another_address_fails_the_test() {
    let school = School::start().await;
    for email in [RACHEL, "helen.okafor@example.org"] {
        school.nobody().post("/login_links", json!({ "email": email })).await.is(202);
    }
    school.mail_to("helen.okafor@example.org").await;
}

#[tokio::test]
async fn ignore_mail_lets_a_test_leave_mail() {
    let school = School::start().await;
    school.nobody().post("/login_links", json!({ "email": RACHEL })).await.is(202);
    school.ignore_mail("this test leaves mail on purpose");
}

/// The path of Rachel's Science appointment, to which Jordan is invited, and two times to which it
/// can be moved.
async fn science(school: &School, parent: &Actor) -> (String, [String; 2]) {
    let rows = parent.get(&school.evening("/bookings")).await.is(200).list("/rows");
    let booking = rows.into_iter().find(|row| row["subject"] == "Science").unwrap();
    let grid = parent.get(&school.evening("/slots")).await.is(200);
    let mut classes = grid
        .list("/students")
        .into_iter()
        .flat_map(|one| one["classes"].as_array().unwrap().clone());
    let states = classes.find(|class| class["booking_id"] == booking["id"]).unwrap()["states"]
        .as_array()
        .unwrap()
        .clone();
    let mut free = grid
        .list("/times")
        .into_iter()
        .zip(states)
        .filter(|(_, state)| *state == "free")
        .map(|(time, _)| time.as_str().unwrap().to_owned());
    (
        format!("/bookings/{}", booking["id"].as_str().unwrap()),
        [free.next().unwrap(), free.next().unwrap()],
    )
}

fn recipients_and_subjects(mails: &[Mail]) -> Vec<(&str, &str)> {
    mails.iter().map(|mail| (mail.to.as_str(), mail.subject.as_str())).collect()
}

fn to<'a>(mails: &'a [Mail], address: &str) -> Vec<&'a Mail> {
    mails.iter().filter(|mail| mail.to == address).collect()
}

#[tokio::test]
async fn guest_mails_about_moves_are_throttled() {
    let school = School::start().await;
    let parent = school.parent().await;
    let (path, times) = science(&school, &parent).await;
    let mut mails = Vec::new();
    for turn in 0..100 {
        school.advance_clock(TimeDelta::seconds(20));
        parent.patch(&path, json!({ "starts_at": times[turn % 2] })).await.is(200);
        mails.extend(school.mails().await);
    }
    assert_eq!(to(&mails, GUEST).len(), 4, "four mails an hour at most");
    assert_eq!(to(&mails, RACHEL).len(), 100, "Rachel's own mails are not limited");
    // The mails that were held back are sent as one, with the current state.
    school.advance_clock(TimeDelta::hours(1));
    let held = school.mails().await;
    let [last] = to(&held, GUEST)[..] else { panic!("{:?}", recipients_and_subjects(&held)) };
    let sequence = parent.get(&path).await.is(200).body["sequence"].as_i64().unwrap();
    let basic: String =
        times[1].chars().filter(|letter| !"-:".contains(*letter)).take(13).collect();
    let text = &last.calendar[0].text;
    assert!(
        last.calendar.len() == 1
            && text.contains("METHOD:REQUEST")
            && text.contains(&format!("SEQUENCE:{sequence}\r\n")),
        "{text}"
    );
    assert!(text.contains(&format!("DTSTART:{basic}")), "{text} {}", times[1]);
    school.advance_clock(TimeDelta::hours(3));
    assert!(school.mails().await.is_empty());
}

#[tokio::test]
async fn delayed_cancellation_mail_leaves_before_the_appointment() {
    let school = School::start().await;
    let parent = school.parent().await;
    let (path, times) = science(&school, &parent).await;
    school.clock.set("2026-11-26T14:50:00Z".parse().unwrap());
    for turn in 0..20 {
        parent.patch(&path, json!({ "starts_at": times[turn % 2] })).await.is(200);
        school.mails().await;
    }
    parent.delete(&path).await.is(204);
    assert!(to(&school.mails().await, GUEST).is_empty(), "the mail is held back");
    // Half an hour before the appointment, the mail is sent at the latest.
    let starts_at: DateTime<Utc> = times.iter().map(|time| time.parse().unwrap()).min().unwrap();
    school.clock.set(starts_at - TimeDelta::minutes(31));
    let is_early = to(&school.mails().await, GUEST).is_empty();
    school.clock.set(starts_at - TimeDelta::minutes(29));
    let mails = school.mails().await;
    let [last] = to(&mails, GUEST)[..] else { panic!("{:?}", recipients_and_subjects(&mails)) };
    assert!(
        is_early
            && last.text.contains("Cancelled: ")
            && last.calendar.iter().any(|message| message.text.contains("METHOD:CANCEL")),
        "{}",
        last.text
    );
}

#[tokio::test]
async fn changes_by_staff_bypass_the_guest_mail_throttle() {
    let school = School::start().await;
    let (parent, office) = (school.parent().await, school.staff().await);
    let (path, times) = science(&school, &parent).await;
    for turn in 0..8 {
        parent.patch(&path, json!({ "starts_at": times[turn % 2] })).await.is(200);
        school.mails().await;
    }
    office.delete(&path).await.is(204);
    let mails = school.mails().await;
    let [last] = to(&mails, GUEST)[..] else { panic!("{:?}", recipients_and_subjects(&mails)) };
    assert!(last.text.contains("Cancelled: "), "{}", last.text);
}

#[tokio::test]
async fn queued_changes_are_merged_into_one_mail() {
    let school = School::start().await;
    let parent = school.parent().await;
    let rows = parent.get(&school.evening("/bookings")).await.is(200).list("/rows");
    let path_of = |subject: &str| {
        let row = rows.iter().find(|row| row["subject"] == subject).unwrap();
        format!("/bookings/{}", row["id"].as_str().unwrap())
    };
    let (path, times) = science(&school, &parent).await;
    for turn in 0..10 {
        parent.patch(&path, json!({ "starts_at": times[turn % 2] })).await.is(200);
    }
    let mails = school.mails().await;
    assert_eq!(
        (to(&mails, RACHEL).len(), to(&mails, GUEST).len()),
        (1, 1),
        "{:?}",
        recipients_and_subjects(&mails)
    );
    assert!(to(&mails, RACHEL)[0].calendar[0].text.contains("SEQUENCE:10\r\n"));
    // Two cancellations in one mail, each with a calendar message of its own.
    for subject in ["Music", "English"] {
        parent.delete(&path_of(subject)).await.is(204);
    }
    let mails = school.mails().await;
    let [one] = to(&mails, RACHEL)[..] else { panic!("{:?}", recipients_and_subjects(&mails)) };
    assert_eq!(one.subject, "Cancelled: 2 appointments, 26 November");
    assert!(
        one.text.contains("Music") && one.text.contains("English") && !one.text.contains("Science"),
        "{}",
        one.text
    );
    assert!(
        one.calendar.len() == 2
            && one.calendar.iter().all(|message| message.text.contains("METHOD:CANCEL"))
    );
}
