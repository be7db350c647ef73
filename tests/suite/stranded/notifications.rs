//! Tests of the notices about stranded appointments and of their readers.

use chrono::TimeDelta;
use parlour::{
    roster::{self, ImportOptions},
    store::Store,
};
use serde_json::{Value, json};

use super::{OFFICE, StrandedFixture, booking_of_subject, place, science};
use crate::harness::{Roster, School};

#[tokio::test]
async fn removed_class_strands_bookings_and_mails_staff_once() {
    let fixture = StrandedFixture::start().await;
    let parent = fixture.school.parent().await;
    let before = booking_of_subject(
        &parent.get(&fixture.school.evening("/bookings")).await.is(200),
        "Science",
    );
    fixture.remove_class("9a-science").await;
    let letter = fixture.office_mail().await.expect("a mail to the office");
    for part in [
        "appointments were booked on",
        "26 November 2026",
        "16:00 Mrs Anita Abell, Sophie Aaron, Science (the class is gone)",
        "Move or cancel them.",
    ] {
        assert!(letter.contains(part), "{part} in {letter}");
    }
    assert_eq!(
        booking_of_subject(
            &parent.get(&fixture.school.evening("/bookings")).await.is(200),
            "Science"
        ),
        before,
        "the parent sees the appointment as before"
    );
    assert_eq!(
        fixture.push("classes", json!({ "sourced_id": "9a-science", "remove": true })).await,
        "unchanged"
    );
    assert_eq!(fixture.office_mail().await, None);
}

#[tokio::test]
async fn each_removal_has_its_stranded_reason() {
    let fixture = StrandedFixture::start().await;
    let teacher = fixture.school.teacher().await;
    let check = async |kind: &str, row: Value, why: &str, words: &str| {
        assert_eq!(fixture.push(kind, row.clone()).await, "removed", "{row}");
        let letter = fixture.office_mail().await.unwrap_or_else(|| panic!("no mail about {row}"));
        assert!(
            letter.contains("16:00 Mrs Anita Abell, Sophie Aaron, Science")
                && letter.contains(words),
            "{letter}"
        );
        assert_eq!(fixture.stranded_reasons().await, science(why), "{row}");
        Roster::demo().import(&fixture.school).await;
        assert_eq!(
            (fixture.stranded_reasons().await, fixture.office_mail().await),
            ([None, None, None], None),
            "{row}"
        );
        fixture.school.advance_clock(TimeDelta::minutes(1));
    };
    let schedule = async || {
        let answer = teacher.get(&fixture.school.evening("/schedule")).await.is(200);
        answer
            .list("/appointments")
            .iter()
            .filter_map(|one| one["stranded"].as_str().map(str::to_owned))
            .collect::<Vec<_>>()
    };
    check(
        "enrolments",
        place("9a-science", "s-sophie-aaron", "student", true),
        "student_left_class",
        "the student left the class",
    )
    .await;
    check(
        "enrolments",
        place("9a-science", "t-abell", "teacher", true),
        "teacher_left_class",
        "a teacher left the class",
    )
    .await;
    assert!(schedule().await.is_empty());
    fixture.push("enrolments", place("9a-science", "s-sophie-aaron", "student", true)).await;
    assert_eq!(
        (schedule().await, fixture.office_mail().await.is_some()),
        (vec!["student_left_class".to_owned()], true)
    );
    fixture.push("enrolments", place("9a-science", "s-sophie-aaron", "student", false)).await;
    assert!(schedule().await.is_empty());
    check(
        "people",
        json!({ "sourced_id": "t-abell", "remove": true }),
        "teacher_left_class",
        "a teacher left the class",
    )
    .await;
}

#[tokio::test]
async fn removed_student_cancels_bookings_and_strands_none() {
    let fixture = StrandedFixture::start().await;
    let report = dry_run(&fixture.school, &without("users.csv", "s-sophie-aaron,active")).await;
    assert_eq!(report.changes.appointments_stranded, 0, "{report}");
    fixture.push("people", json!({ "sourced_id": "s-sophie-aaron", "remove": true })).await;
    let mails = fixture.school.mails().await;
    let to_office: Vec<&str> =
        mails.iter().filter(|mail| mail.to == OFFICE).map(|mail| mail.text.as_str()).collect();
    assert!(
        matches!(
            to_office.as_slice(),
            [text] if text.contains("Access ended") && !text.contains("Move or cancel")
        ),
        "{to_office:?}"
    );
}

#[tokio::test]
async fn one_mail_reports_lost_access_and_stranded_bookings() {
    let fixture = StrandedFixture::start().await;
    Roster::without_sophie()
        .replace(
            "enrollments.csv",
            "9b-music.s-liz-aaron,active",
            "9b-music.s-liz-aaron,tobedeleted",
        )
        .import(&fixture.school)
        .await;
    let mails = fixture.school.mails().await;
    let to_office: Vec<&str> =
        mails.iter().filter(|mail| mail.to == OFFICE).map(|mail| mail.text.as_str()).collect();
    let [text] = to_office.as_slice() else { panic!("{to_office:?}") };
    assert!(
        text.contains("Access ended")
            && text.contains("what 1 appointment was booked on")
            && text.contains("Liz Aaron, Music"),
        "{text}"
    );
}

/// The demo's roster without the rows of a file that begin with this text.
fn without(file: &str, start: &str) -> Roster {
    let roster = Roster::demo();
    let path = roster.path().join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    let kept: Vec<&str> = text.lines().filter(|line| !line.starts_with(start)).collect();
    assert!(kept.len() < text.lines().count());
    std::fs::write(path, kept.join("\n") + "\n").unwrap();
    roster
}

async fn dry_run(school: &School, roster: &Roster) -> roster::ImportReport {
    let store = Store::open(&school.app.config.database, 2).unwrap();
    let options = ImportOptions { dry_run: true, ..ImportOptions::default() };
    roster::import(&store, &school.app.context(), roster.path(), options).await.unwrap()
}

#[tokio::test]
async fn file_import_and_dry_run_report_stranded_bookings() {
    let fixture = StrandedFixture::start().await;
    let roster = without("enrollments.csv", "9a-science.s-sophie-aaron");
    let report = dry_run(&fixture.school, &roster).await;
    let text = report.to_string();
    assert!(text.contains("1 appointment stranded"), "{text}");
    let line = "! appointment 16:00 Mrs Anita Abell, Sophie Aaron, Science (the student left the \
                class) on 26 November 2026, Year 9 Parents’ Evening";
    assert!(text.contains(line), "{text}");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(
        (
            &json["changes"]["appointments_stranded"],
            &json["schools"][0]["changes"]["appointments_stranded"]
        ),
        (&json!(1), &json!(1))
    );
    let lines = json["schools"][0]["differences"].as_array().unwrap().clone();
    assert!(
        lines.iter().any(|line| line["kind"] == "appointment" && line["fate"] == "stranded"),
        "{lines:?}"
    );
    assert_eq!(
        (fixture.stranded_reasons().await, fixture.office_mail().await),
        ([None, None, None], None),
        "nothing was written"
    );

    let written = roster.import(&fixture.school).await;
    assert_eq!(written.changes, report.changes);
    assert!(fixture.office_mail().await.is_some());
    assert_eq!(fixture.stranded_reasons().await, science("student_left_class"));
    // An appointment that is already stranded is not reported again, whatever else of its class is
    // removed.
    assert_eq!(roster.import(&fixture.school).await.changes.appointments_stranded, 0);
    fixture.push("enrolments", place("9a-science", "s-9027", "student", true)).await;
    assert_eq!(fixture.office_mail().await, None);
}

#[tokio::test]
async fn past_evening_has_no_stranded_bookings() {
    let fixture = StrandedFixture::start().await;
    fixture.school.clock.set("2026-11-27T10:00:00Z".parse().unwrap());
    let fixture = StrandedFixture { office: fixture.school.staff().await, school: fixture.school };
    fixture.remove_class("9a-science").await;
    let told = fixture
        .school
        .mails()
        .await
        .into_iter()
        .filter(|mail| mail.to == OFFICE && mail.text.contains("Move or cancel"))
        .count();
    assert_eq!((told, fixture.stranded_reasons().await), (0, [None, None, None]));
}

#[tokio::test]
async fn past_booking_is_not_stranded_and_a_stranded_ones_call_opens() {
    let fixture = StrandedFixture::start().await;
    let (school, parent) = (&fixture.school, fixture.school.parent().await);
    let music = booking_of_subject(&fixture.read(&parent).await, "Music");
    // Science was at 16:00, and Music is at 16:05.
    school.clock.set("2026-11-26T16:05:00Z".parse().unwrap());
    let fixture = StrandedFixture { office: fixture.school.staff().await, school: fixture.school };
    fixture.push("people", json!({ "sourced_id": "t-abell", "remove": true })).await;
    fixture.remove_class("9a-science").await;
    fixture.remove_class("9b-music").await;
    assert_eq!(fixture.stranded_reasons().await, [None, Some("class_gone".to_owned()), None]);
    let all = fixture.office.get("/bookings?stranded=true&limit=100").await.is(200);
    assert!(
        all.list("/items")
            .iter()
            .all(|one| one["starts_at"].as_str().unwrap() >= "2026-11-26T16:05"),
        "{}",
        all.text
    );
    let letters: Vec<String> = fixture
        .school
        .mails()
        .await
        .into_iter()
        .filter(|mail| mail.to == OFFICE)
        .map(|mail| mail.text)
        .collect();
    assert!(
        letters.concat().contains("Liz Aaron, Music") && !letters.concat().contains("16:00 "),
        "{letters:?}"
    );
    let parent = fixture.school.parent().await;
    parent.get(&format!("/bookings/{}/call", music["id"].as_str().unwrap())).await.is(200);
}

#[tokio::test]
async fn api_client_lists_stranded_bookings() {
    let fixture = StrandedFixture::start().await;
    let api_client = fixture.school.api_client(&["bookings:read"]).await;
    let other_school = fixture.school.other_school().await;
    let count = async |path: &str| api_client.send("GET", path).await.is(200).list("/items").len();
    assert_eq!(count("/bookings?stranded=true").await, 0);
    fixture.remove_class("9a-science").await;
    assert!(fixture.office_mail().await.is_some());
    let all = count("/bookings?stranded=true").await;
    assert!(all > 1);
    let first = api_client.send("GET", "/bookings?stranded=true").await.text_at("/items/0/id");
    assert_eq!(
        api_client
            .send("GET", &format!("/bookings?id={first}"))
            .await
            .is(200)
            .text_at("/items/0/stranded"),
        "class_gone"
    );
    let evening = fixture.school.people.evening.0;
    let of_evening = async |since: &str| {
        count(&format!("/bookings?stranded=true&evening_id={evening}&updated_since={since}")).await
    };
    assert_eq!(
        (of_evening("2026-01-01T00:00:00Z").await, of_evening("2026-12-01T00:00:00Z").await),
        (all, 0)
    );
    // Read the list page by page.
    let (mut path, mut seen) = ("/bookings?stranded=true&limit=1".to_owned(), 0);
    loop {
        let page = api_client.send("GET", &path).await.is(200);
        assert!(page.list("/items").iter().all(|one| one["class_sourced_id"] == "9a-science"));
        seen += page.list("/items").len();
        assert!(seen <= all, "there are more pages than bookings");
        let Some(cursor) = page.body["next_cursor"].as_str() else { break };
        path = format!("/bookings?stranded=true&limit=1&cursor={cursor}");
    }
    assert_eq!(seen, all);
    assert!(
        other_school.staff.get("/bookings?stranded=true").await.is(200).list("/items").is_empty()
    );
    let sophie = booking_of_subject(&fixture.read(&fixture.office).await, "Science");
    other_school
        .staff
        .get(&format!("/bookings/{}", sophie["id"].as_str().unwrap()))
        .await
        .refuses(404, "not_found");
}
