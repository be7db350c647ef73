//! Who is told of what the roster takes away, and who reads it.

use chrono::TimeDelta;
use parlour::{
    roster::{self, ImportOptions},
    store::Store,
};
use serde_json::{Value, json};

use super::{OFFICE, Pushed, about, place, science};
use crate::harness::{Roster, School};

#[tokio::test]
async fn a_class_that_goes_strands_its_appointments_and_staff_are_told_once() {
    let pushed = Pushed::start().await;
    let parent = pushed.school.parent().await;
    let before = about(&parent.get(&pushed.school.evening("/bookings")).await.is(200), "Science");
    pushed.remove_class("9a-science").await;
    let letter = pushed.letter().await.expect("a letter");
    for part in [
        "appointments were booked on",
        "26 November 2026",
        "16:00 Mrs Anita Abell, Sophie Aaron, Science (the class is gone)",
        "Move or cancel them.",
    ] {
        assert!(letter.contains(part), "{part} in {letter}");
    }
    assert_eq!(
        about(&parent.get(&pushed.school.evening("/bookings")).await.is(200), "Science"),
        before,
        "it stands, and the parent reads of it what they read before"
    );
    assert_eq!(
        pushed.push("classes", json!({ "sourced_id": "9a-science", "remove": true })).await,
        "unchanged"
    );
    assert_eq!(pushed.letter().await, None);
}

#[tokio::test]
async fn each_thing_that_is_taken_away_has_its_reason() {
    let pushed = Pushed::start().await;
    let teacher = pushed.school.teacher().await;
    let check = async |kind: &str, row: Value, why: &str, words: &str| {
        assert_eq!(pushed.push(kind, row.clone()).await, "removed", "{row}");
        let letter = pushed.letter().await.unwrap_or_else(|| panic!("no letter of {row}"));
        assert!(
            letter.contains("16:00 Mrs Anita Abell, Sophie Aaron, Science")
                && letter.contains(words),
            "{letter}"
        );
        assert_eq!(pushed.seen().await, science(why), "{row}");
        Roster::of_the_demo().import(&pushed.school).await;
        assert_eq!(
            (pushed.seen().await, pushed.letter().await),
            ([None, None, None], None),
            "{row}"
        );
        pushed.school.wait(TimeDelta::minutes(1));
    };
    let schedule = async || {
        let answer = teacher.get(&pushed.school.evening("/schedule")).await.is(200);
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
    pushed.push("enrolments", place("9a-science", "s-sophie-aaron", "student", true)).await;
    assert_eq!(
        (schedule().await, pushed.letter().await.is_some()),
        (vec!["student_left_class".to_owned()], true)
    );
    pushed.push("enrolments", place("9a-science", "s-sophie-aaron", "student", false)).await;
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
async fn a_student_who_leaves_the_school_loses_appointments_and_strands_none() {
    let pushed = Pushed::start().await;
    let report = dry_run(&pushed.school, &without("users.csv", "s-sophie-aaron,active")).await;
    assert_eq!(report.changes.appointments_stranded, 0, "{report}");
    pushed.push("people", json!({ "sourced_id": "s-sophie-aaron", "remove": true })).await;
    let mails = pushed.school.mails().await;
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
async fn one_letter_tells_of_lost_access_and_of_stranded_appointments() {
    let pushed = Pushed::start().await;
    Roster::without_sophie()
        .replace(
            "enrollments.csv",
            "9b-music.s-liz-aaron,active",
            "9b-music.s-liz-aaron,tobedeleted",
        )
        .import(&pushed.school)
        .await;
    let mails = pushed.school.mails().await;
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

/// The demo's roster without the rows of a file that begin so.
fn without(file: &str, start: &str) -> Roster {
    let roster = Roster::of_the_demo();
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
async fn files_strand_too_and_a_dry_run_says_so_before() {
    let pushed = Pushed::start().await;
    let roster = without("enrollments.csv", "9a-science.s-sophie-aaron");
    let report = dry_run(&pushed.school, &roster).await;
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
        (pushed.seen().await, pushed.letter().await),
        ([None, None, None], None),
        "nothing was written"
    );

    let written = roster.import(&pushed.school).await;
    assert_eq!(written.changes, report.changes);
    assert!(pushed.letter().await.is_some());
    assert_eq!(pushed.seen().await, science("student_left_class"));
    // What is stranded already is told no more, whatever else of its class goes.
    assert_eq!(roster.import(&pushed.school).await.changes.appointments_stranded, 0);
    pushed.push("enrolments", place("9a-science", "s-9027", "student", true)).await;
    assert_eq!(pushed.letter().await, None);
}

#[tokio::test]
async fn an_evening_that_is_over_strands_nothing() {
    let pushed = Pushed::start().await;
    pushed.school.clock.set("2026-11-27T10:00:00Z".parse().unwrap());
    let pushed = Pushed { office: pushed.school.staff().await, school: pushed.school };
    pushed.remove_class("9a-science").await;
    let told = pushed
        .school
        .mails()
        .await
        .into_iter()
        .filter(|mail| mail.to == OFFICE && mail.text.contains("Move or cancel"))
        .count();
    assert_eq!((told, pushed.seen().await), (0, [None, None, None]));
}

#[tokio::test]
async fn one_that_is_over_is_not_stranded_and_the_call_of_one_that_is_opens() {
    let pushed = Pushed::start().await;
    let (school, parent) = (&pushed.school, pushed.school.parent().await);
    let music = about(&pushed.read(&parent).await, "Music");
    // Science was at 16:00, and Music is at 16:05.
    school.clock.set("2026-11-26T16:05:00Z".parse().unwrap());
    let pushed = Pushed { office: pushed.school.staff().await, school: pushed.school };
    pushed.push("people", json!({ "sourced_id": "t-abell", "remove": true })).await;
    pushed.remove_class("9a-science").await;
    pushed.remove_class("9b-music").await;
    assert_eq!(pushed.seen().await, [None, Some("class_gone".to_owned()), None]);
    let all = pushed.office.get("/bookings?stranded=true&limit=100").await.is(200);
    assert!(
        all.list("/items")
            .iter()
            .all(|one| one["starts_at"].as_str().unwrap() >= "2026-11-26T16:05"),
        "{}",
        all.text
    );
    let letters: Vec<String> = pushed
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
    let parent = pushed.school.parent().await;
    parent.get(&format!("/bookings/{}/call", music["id"].as_str().unwrap())).await.is(200);
}

#[tokio::test]
async fn programs_of_the_school_fetch_the_stranded_ones() {
    let pushed = Pushed::start().await;
    let program = pushed.school.program(&["bookings:read"]).await;
    let neighbours = pushed.school.neighbours().await;
    let count = async |path: &str| program.ask("GET", path).await.is(200).list("/items").len();
    assert_eq!(count("/bookings?stranded=true").await, 0);
    pushed.remove_class("9a-science").await;
    assert!(pushed.letter().await.is_some());
    let all = count("/bookings?stranded=true").await;
    assert!(all > 1);
    let first = program.ask("GET", "/bookings?stranded=true").await.text_at("/items/0/id");
    assert_eq!(
        program
            .ask("GET", &format!("/bookings?id={first}"))
            .await
            .is(200)
            .text_at("/items/0/stranded"),
        "class_gone"
    );
    let evening = pushed.school.people.evening.0;
    let of_evening = async |since: &str| {
        count(&format!("/bookings?stranded=true&evening_id={evening}&updated_since={since}")).await
    };
    assert_eq!(
        (of_evening("2026-01-01T00:00:00Z").await, of_evening("2026-12-01T00:00:00Z").await),
        (all, 0)
    );
    // Page by page.
    let (mut path, mut seen) = ("/bookings?stranded=true&limit=1".to_owned(), 0);
    loop {
        let page = program.ask("GET", &path).await.is(200);
        assert!(page.list("/items").iter().all(|one| one["class_sourced_id"] == "9a-science"));
        seen += page.list("/items").len();
        assert!(seen <= all, "the pages have no end");
        let Some(cursor) = page.body["next_cursor"].as_str() else { break };
        path = format!("/bookings?stranded=true&limit=1&cursor={cursor}");
    }
    assert_eq!(seen, all);
    assert!(
        neighbours.staff.get("/bookings?stranded=true").await.is(200).list("/items").is_empty()
    );
    let sophie = about(&pushed.read(&pushed.office).await, "Science");
    neighbours
        .staff
        .get(&format!("/bookings/{}", sophie["id"].as_str().unwrap()))
        .await
        .refuses(404, "not_found");
}
