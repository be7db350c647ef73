//! Appointments whose class, or a place in it, the roster has taken away: they stay, staff are told, see it, and move or cancel them.

use std::sync::{Mutex, mpsc};

use chrono::TimeDelta;
use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl, SelectableHelper};
use parlour::{
    roster::{self, ImportOptions},
    schema::people,
    store::{
        Db, Store,
        bookings::{self, Acting, NewBooking},
        evenings,
        events::Actor as Acts,
        people::PersonRow,
        sql_types::Key,
    },
};
use serde_json::{Value, json};

use crate::harness::{Actor, Answer, Roster, School, Wish, until, wishes};

const OFFICE: &str = "helen.okafor@example.org";

/// A school with a program that pushes its roster.
struct Pushed {
    school: School,
    office: Actor,
}

impl Pushed {
    async fn start() -> Self {
        let school = School::start().await;
        let office = school.staff().await;
        Self { school, office }
    }

    /// Pushes one row; what became of it.
    async fn push(&self, kind: &str, row: Value) -> String {
        self.office.put(&format!("/roster/{kind}"), json!({ "items": [row] })).await.is(200).text_at("/items/0/outcome")
    }

    /// Rachel's appointments, as this person reads them.
    async fn read(&self, who: &Actor) -> Answer {
        let query = if std::ptr::eq(who, &self.office) { format!("?parent_id={}", self.school.people.parent.0) } else { String::new() };
        who.get(&self.school.evening(&format!("/bookings{query}"))).await.is(200)
    }

    /// Why the office sees each of Rachel's appointments as stranded.
    async fn seen(&self) -> [Option<String>; 3] {
        let answer = self.read(&self.office).await;
        ["Science", "Music", "English"].map(|subject| about(&answer, subject)["stranded"].as_str().map(str::to_owned))
    }

    async fn move_to(&self, who: &Actor, booking: &Value, time: &str) -> Answer {
        who.patch(&format!("/bookings/{}", booking["id"].as_str().unwrap()), json!({ "starts_at": time })).await
    }

    async fn remove_class(&self, class: &str) {
        assert_eq!(self.push("classes", json!({ "sourced_id": class, "remove": true })).await, "removed");
    }

    /// The text of the only letter, which is to the office; none when nobody was written to.
    async fn letter(&self) -> Option<String> {
        let mails = self.school.mails().await;
        assert!(mails.len() < 2, "{:?}", mails.iter().map(|mail| (&mail.to, &mail.subject)).collect::<Vec<_>>());
        let mail = mails.into_iter().next()?;
        assert_eq!(mail.to, OFFICE);
        Some(mail.text)
    }
}

/// The appointment of a subject in My Bookings.
fn about(answer: &Answer, subject: &str) -> Value {
    let rows = answer.list("/rows");
    rows.iter().find(|row| row["subject"] == subject).cloned().unwrap_or_else(|| panic!("no {subject} in {}", answer.text))
}

fn place(class: &str, person: &str, role: &str, remove: bool) -> Value {
    json!({ "class_sourced_id": class, "person_sourced_id": person, "role": role, "remove": remove })
}

/// Only the first of Rachel's three is stranded, for this reason.
fn science(why: &str) -> [Option<String>; 3] {
    [Some(why.to_owned()), None, None]
}

/// Times at which Rachel could have Science instead of the one that is booked.
async fn other_times(school: &School, parent: &Actor) -> Vec<String> {
    let grid = parent.get(&school.evening("/slots")).await.is(200);
    let of_sophie = grid.list("/students").into_iter().flat_map(|one| one["classes"].as_array().unwrap().clone());
    let class = of_sophie.into_iter().find(|class| class["subject"] == "Science" && class["booking_id"].is_string()).unwrap();
    let states = class["states"].as_array().unwrap().clone();
    let times = grid.list("/times").into_iter().zip(states).filter(|(_, state)| *state == "free");
    times.map(|(time, _)| time.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_class_that_goes_strands_its_appointments_and_staff_are_told_once() {
    let pushed = Pushed::start().await;
    let parent = pushed.school.parent().await;
    let before = about(&parent.get(&pushed.school.evening("/bookings")).await.is(200), "Science");
    pushed.remove_class("9a-science").await;
    let letter = pushed.letter().await.expect("a letter");
    for part in ["appointments were booked on", "26 November 2026", "16:00 Mrs Anita Abell, Sophie Aaron, Science (the class is gone)", "Move or cancel them."]
    {
        assert!(letter.contains(part), "{part} in {letter}");
    }
    assert_eq!(
        about(&parent.get(&pushed.school.evening("/bookings")).await.is(200), "Science"),
        before,
        "it stands, and the parent reads of it what they read before"
    );
    assert_eq!(pushed.push("classes", json!({ "sourced_id": "9a-science", "remove": true })).await, "unchanged");
    assert_eq!(pushed.letter().await, None);
}

#[tokio::test]
async fn staff_see_it_and_move_it_and_the_parent_can_cancel_it() {
    let pushed = Pushed::start().await;
    let (school, parent) = (&pushed.school, pushed.school.parent().await);
    let times = other_times(school, &parent).await;
    let booking = about(&pushed.read(&parent).await, "Science");
    let path = format!("/bookings/{}", booking["id"].as_str().unwrap());
    assert_eq!(pushed.seen().await, [None, None, None]);
    pushed.remove_class("9a-science").await;
    assert!(pushed.letter().await.is_some());
    assert_eq!(pushed.seen().await, science("class_gone"));
    assert_eq!(pushed.office.get(&path).await.is(200).text_at("/stranded"), "class_gone");
    assert!(parent.get(&path).await.is(200).body["stranded"].is_null());
    let grid = parent.get(&school.evening("/slots")).await.is(200).text;
    assert!(!grid.contains(booking["class_id"].as_str().unwrap()), "nobody is offered it: {grid}");

    let as_staff = pushed.office.get(&school.evening(&format!("/slots?parent_id={}", school.people.parent.0))).await.is(200);
    let of_class: Vec<Value> = as_staff.list("/students").iter().flat_map(|one| one["classes"].as_array().unwrap().clone()).collect();
    assert!(of_class.iter().any(|class| class["booking_id"] == booking["id"]), "staff choose its new time from the grid");
    let refused = pushed.move_to(&parent, &booking, &times[0]).await.refuses(422, "class_not_offered");
    assert!(refused.text_at("/detail").contains("the school can move it"), "{}", refused.text);
    let moved = pushed.move_to(&pushed.office, &booking, &times[0]).await.is(200);
    assert_eq!((&moved.body["teachers"], moved.text_at("/stranded")), (&booking["teachers"], "class_gone".to_owned()));
    let busy = about(&pushed.read(&parent).await, "Music");
    pushed.move_to(&pushed.office, &booking, busy["starts_at"].as_str().unwrap()).await.refuses(409, "person_busy");
    assert_eq!(school.mail_to("rachel.aaron@example.org").await.to, "rachel.aaron@example.org");
    // The class is back, and all is well.
    Roster::of_the_demo().import(school).await;
    assert_eq!(pushed.seen().await, [None, None, None]);
    pushed.move_to(&parent, &booking, &times[1]).await.is(200);
    pushed.remove_class("9a-science").await;
    parent.delete(&path).await.is(204);
    assert!(!pushed.read(&pushed.office).await.text.contains("class_gone"));
    school.ignore_mail("what mail a move and a cancellation send is told in mail.rs");
}

#[tokio::test]
async fn each_thing_that_is_taken_away_has_its_reason() {
    let pushed = Pushed::start().await;
    let teacher = pushed.school.teacher().await;
    let check = async |kind: &str, row: Value, why: &str, words: &str| {
        assert_eq!(pushed.push(kind, row.clone()).await, "removed", "{row}");
        let letter = pushed.letter().await.unwrap_or_else(|| panic!("no letter of {row}"));
        assert!(letter.contains("16:00 Mrs Anita Abell, Sophie Aaron, Science") && letter.contains(words), "{letter}");
        assert_eq!(pushed.seen().await, science(why), "{row}");
        Roster::of_the_demo().import(&pushed.school).await;
        assert_eq!((pushed.seen().await, pushed.letter().await), ([None, None, None], None), "{row}");
        pushed.school.wait(TimeDelta::minutes(1));
    };
    let schedule = async || {
        let answer = teacher.get(&pushed.school.evening("/schedule")).await.is(200);
        answer.list("/appointments").iter().filter_map(|one| one["stranded"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    check("enrolments", place("9a-science", "s-sophie-aaron", "student", true), "student_left_class", "the student left the class").await;
    check("enrolments", place("9a-science", "t-abell", "teacher", true), "teacher_left_class", "a teacher left the class").await;
    assert!(schedule().await.is_empty());
    pushed.push("enrolments", place("9a-science", "s-sophie-aaron", "student", true)).await;
    assert_eq!((schedule().await, pushed.letter().await.is_some()), (vec!["student_left_class".to_owned()], true));
    pushed.push("enrolments", place("9a-science", "s-sophie-aaron", "student", false)).await;
    assert!(schedule().await.is_empty());
    check("people", json!({ "sourced_id": "t-abell", "remove": true }), "teacher_left_class", "a teacher left the class").await;
}

#[tokio::test]
async fn one_whose_teacher_is_replaced_moves_to_the_new_one_and_one_without_a_teacher_does_not_move() {
    let pushed = Pushed::start().await;
    let parent = pushed.school.parent().await;
    let times = other_times(&pushed.school, &parent).await;
    let booking = about(&pushed.read(&parent).await, "Science");
    pushed.push("people", json!({ "sourced_id": "t-abell", "remove": true })).await;
    pushed.move_to(&pushed.office, &booking, &times[0]).await.refuses(422, "class_not_offered");
    pushed.push("enrolments", place("9a-science", "t-price", "teacher", false)).await;
    assert_eq!(pushed.seen().await, science("teacher_left_class"));
    let mut moved = None;
    for time in &times {
        let answer = pushed.move_to(&pushed.office, &booking, time).await;
        if answer.status == 200 {
            moved = Some(answer);
            break;
        }
        assert_eq!(answer.code(), "slot_taken", "the new teacher has appointments of their own");
    }
    let moved = moved.expect("one of the times is free");
    assert!(moved.body["stranded"].is_null() && moved.body["teachers"] != booking["teachers"], "{}", moved.text);
    pushed.school.ignore_mail("what staff are told is looked at by another test");
}

#[tokio::test]
async fn one_whose_teacher_is_replaced_goes_to_the_new_one_at_the_same_time_if_staff_say_so() {
    let pushed = Pushed::start().await;
    let parent = pushed.school.parent().await;
    let booking = about(&pushed.read(&parent).await, "Science");
    let time = booking["starts_at"].as_str().unwrap().to_owned();
    pushed.push("people", json!({ "sourced_id": "t-new", "roles": ["teacher"], "honorific": "Mx", "given_name": "Robin", "family_name": "Novak" })).await;
    pushed.push("enrolments", place("9a-science", "t-abell", "teacher", true)).await;
    pushed.push("enrolments", place("9a-science", "t-new", "teacher", false)).await;
    let mails = pushed.school.mails().await;
    assert!(!mails.is_empty(), "staff are told");
    let unmoved = pushed.move_to(&parent, &booking, &time).await.is(200);
    assert_eq!((&unmoved.body["teachers"], &unmoved.body["sequence"]), (&booking["teachers"], &booking["sequence"]), "not by the parent");
    let given = pushed.move_to(&pushed.office, &booking, &time).await.is(200);
    assert_eq!((given.text_at("/teachers/0/name"), given.text_at("/starts_at")), ("Mx Robin Novak".to_owned(), time.clone()));
    assert!(given.body["stranded"].is_null() && given.body["sequence"].as_i64() > booking["sequence"].as_i64(), "{}", given.text);
    assert!(pushed.school.mail_to("rachel.aaron@example.org").await.text.contains("Robin Novak"));
    let again = pushed.move_to(&pushed.office, &booking, &time).await.is(200);
    assert_eq!(again.body["sequence"], given.body["sequence"], "once");
    pushed.school.ignore_mail("the guest's mail of a change is told in mail.rs");
}

#[tokio::test]
async fn a_student_who_leaves_the_school_loses_appointments_and_strands_none() {
    let pushed = Pushed::start().await;
    let report = dry_run(&pushed.school, &without("users.csv", "s-sophie-aaron,active")).await;
    assert_eq!(report.changes.appointments_stranded, 0, "{report}");
    pushed.push("people", json!({ "sourced_id": "s-sophie-aaron", "remove": true })).await;
    let mails = pushed.school.mails().await;
    let to_office: Vec<&str> = mails.iter().filter(|mail| mail.to == OFFICE).map(|mail| mail.text.as_str()).collect();
    assert!(matches!(to_office.as_slice(), [text] if text.contains("Access ended") && !text.contains("Move or cancel")), "{to_office:?}");
}

#[tokio::test]
async fn one_letter_tells_of_lost_access_and_of_stranded_appointments() {
    let pushed = Pushed::start().await;
    Roster::without_sophie().replace("enrollments.csv", "9b-music.s-liz-aaron,active", "9b-music.s-liz-aaron,tobedeleted").import(&pushed.school).await;
    let mails = pushed.school.mails().await;
    let to_office: Vec<&str> = mails.iter().filter(|mail| mail.to == OFFICE).map(|mail| mail.text.as_str()).collect();
    let [text] = to_office.as_slice() else { panic!("{to_office:?}") };
    assert!(text.contains("Access ended") && text.contains("what 1 appointment was booked on") && text.contains("Liz Aaron, Music"), "{text}");
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
    let line = "! appointment 16:00 Mrs Anita Abell, Sophie Aaron, Science (the student left the class) on 26 November 2026, Year 9 Parents’ Evening";
    assert!(text.contains(line), "{text}");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!((&json["changes"]["appointments_stranded"], &json["schools"][0]["changes"]["appointments_stranded"]), (&json!(1), &json!(1)));
    let lines = json["schools"][0]["differences"].as_array().unwrap().clone();
    assert!(lines.iter().any(|line| line["kind"] == "appointment" && line["fate"] == "stranded"), "{lines:?}");
    assert_eq!((pushed.seen().await, pushed.letter().await), ([None, None, None], None), "nothing was written");

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
    let told = pushed.school.mails().await.into_iter().filter(|mail| mail.to == OFFICE && mail.text.contains("Move or cancel")).count();
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
    assert!(all.list("/items").iter().all(|one| one["starts_at"].as_str().unwrap() >= "2026-11-26T16:05"), "{}", all.text);
    let letters: Vec<String> = pushed.school.mails().await.into_iter().filter(|mail| mail.to == OFFICE).map(|mail| mail.text).collect();
    assert!(letters.concat().contains("Liz Aaron, Music") && !letters.concat().contains("16:00 "), "{letters:?}");
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
    assert_eq!(program.ask("GET", &format!("/bookings?id={first}")).await.is(200).text_at("/items/0/stranded"), "class_gone");
    let evening = pushed.school.people.evening.0;
    let of_evening = async |since: &str| count(&format!("/bookings?stranded=true&evening_id={evening}&updated_since={since}")).await;
    assert_eq!((of_evening("2026-01-01T00:00:00Z").await, of_evening("2026-12-01T00:00:00Z").await), (all, 0));
    // Page by page.
    let (mut path, mut seen) = ("/bookings?stranded=true&limit=1".to_owned(), 0);
    loop {
        let page = program.ask("GET", &path).await.is(200);
        assert!(page.list("/items").iter().all(|one| one["class_sourced_id"] == "9a-science"));
        seen += page.list("/items").len();
        let Some(cursor) = page.body["next_cursor"].as_str() else { break };
        path = format!("/bookings?stranded=true&limit=1&cursor={cursor}");
    }
    assert_eq!(seen, all);
    assert!(neighbours.staff.get("/bookings?stranded=true").await.is(200).list("/items").is_empty());
    let sophie = about(&pushed.read(&pushed.office).await, "Science");
    neighbours.staff.get(&format!("/bookings/{}", sophie["id"].as_str().unwrap())).await.refuses(404, "not_found");
}

#[tokio::test]
async fn an_evening_forgets_a_class_that_is_gone_and_may_be_changed() {
    let pushed = Pushed::start().await;
    let (office, path) = (&pushed.office, pushed.school.evening(""));
    let classes = async || {
        let answer = office.get(&format!("{path}/settings")).await.is(200);
        answer.list("/classes").iter().map(|class| class["sourced_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let before = classes().await;
    let others: Vec<String> = before.iter().filter(|class| *class != "9a-science").cloned().collect();
    office.patch(&path, json!({ "classes": [{ "ids": others }] })).await.refuses(409, "bookings_rest_on_it");
    pushed.remove_class("9a-science").await;
    assert_eq!(classes().await, others);
    office.patch(&path, json!({ "title": "Year 9 in November" })).await.is(200);
    office.patch(&path, json!({ "classes": [{ "ids": others }] })).await.is(200);
    assert_eq!(classes().await, others);
    // Its appointments keep their slot, and another class is taken out as little as before.
    office.patch(&path, json!({ "slot_minutes": 7 })).await.refuses(409, "bookings_rest_on_it");
    office.patch(&path, json!({ "classes": [{ "ids": [others[0]] }] })).await.refuses(409, "bookings_rest_on_it");
    Roster::of_the_demo().import(&pushed.school).await;
    assert_eq!(classes().await, before, "with its appointments it is back in the evening");
    // A class that nobody teaches any more is chosen in vain, and its appointments stand.
    pushed.push("enrolments", place("9a-science", "t-abell", "teacher", true)).await;
    office.patch(&path, json!({ "classes": [{ "ids": before }] })).await.is(200);
    assert_eq!(classes().await, before);
    pushed.school.ignore_mail("what staff are told is looked at by another test");
}

/// What Rachel could book in French.
async fn french(school: &School, parent: &Actor) -> Wish {
    let grid = parent.get(&school.evening("/slots")).await.is(200);
    let classes: Vec<Value> = grid.list("/students").iter().flat_map(|one| one["classes"].as_array().unwrap().clone()).collect();
    let french = classes.iter().find(|class| class["subject"] == "French").unwrap()["class_id"].as_str().unwrap().to_owned();
    wishes(school, parent).await.into_iter().find(|wish| wish.class == french && !wish.free.is_empty()).unwrap()
}

#[tokio::test]
async fn a_booking_beside_a_push_is_refused_or_told() {
    let pushed = Pushed::start().await;
    let (school, parent) = (&pushed.school, pushed.school.parent().await);
    let wish = french(school, &parent).await;
    // One French appointment is there, so that the push has something to tell, and waits when it is about to: its actor's row is held.
    parent.post(&school.evening("/bookings"), json!({ "bookings": [wish.at(&wish.free[0])] })).await.is(201);
    let other = french_of_another_child(school, &parent, &wish).await;
    let (staff, store) = (school.people.staff, school.app.store.clone());
    let (told, heard) = mpsc::channel();
    let (release, released) = mpsc::channel();
    let released = Mutex::new(released);
    let blocker = tokio::spawn(async move {
        let hold = move |db: &mut Db| {
            if let Db::Pg(conn) = db {
                people::table.find(Key::from(staff)).select(people::id).for_update().first::<Key>(conn)?;
            }
            told.send(()).unwrap();
            released.lock().unwrap().recv().unwrap();
            Ok(())
        };
        store.write(hold).await
    });
    until("the hold", async || heard.try_recv().is_ok()).await;
    let office = pushed.office.clone();
    let push = tokio::spawn(async move { office.put("/roster/classes", json!({ "items": [{ "sourced_id": "9-french", "remove": true }] })).await.is(200) });
    until("the push waits", async || school.is_waited_for("events").await).await;
    let (booker, path) = (parent.clone(), school.evening("/bookings"));
    let booking = tokio::spawn(async move { booker.post(&path, json!({ "bookings": [other] })).await });
    until("the booking waits", async || school.is_waited_for("evenings").await).await;
    release.send(()).unwrap();
    blocker.await.unwrap().unwrap();
    push.await.unwrap();
    let answer = booking.await.unwrap();
    let letters: Vec<String> = school.mails().await.into_iter().filter(|mail| mail.to == OFFICE).map(|mail| mail.text).collect();
    let [letter] = letters.as_slice() else { panic!("{letters:?}") };
    if answer.status != 201 {
        answer.refuses(422, "class_not_offered");
    }
    // Whatever stands now was told: SQLite has one writer, and either may come first there.
    let standing = pushed.office.get("/bookings?stranded=true&limit=100").await.is(200).list("/items").len();
    assert!(letter.contains(&format!("what {standing} appointment")), "{standing} in {letter}");
}

/// The same class at another time, about the other child of Rachel's who is in it.
async fn french_of_another_child(school: &School, parent: &Actor, first: &Wish) -> Value {
    let other = wishes(school, parent).await.into_iter().find(|wish| wish.class == first.class && wish.student != first.student).unwrap();
    other.at(other.free.last().unwrap())
}

#[tokio::test]
async fn a_push_waits_for_a_booking_that_is_being_made_and_tells_of_it() {
    let pushed = Pushed::start().await;
    let (school, parent) = (&pushed.school, pushed.school.parent().await);
    let wish = french(school, &parent).await;
    let id = |value: &str| value.parse::<uuid::Uuid>().unwrap();
    let new = NewBooking { student: id(&wish.student).into(), class: id(&wish.class).into(), starts_at: wish.free[0].parse().unwrap() };
    let (ctx, rachel, of_school, evening, store) =
        (school.app.context(), school.people.parent, school.people.school, school.people.evening, school.app.store.clone());
    let (told, heard) = mpsc::channel();
    let (release, released) = mpsc::channel();
    let released = Mutex::new(released);
    // The booking is written, and its transaction goes on until it is released.
    let booking = tokio::spawn(async move {
        let make = move |db: &mut Db| {
            let row = evenings::find(db, of_school, evening)?;
            let acting = Acting { parent: rachel, actor: Acts { person: Some(rachel), name: "Rachel".to_owned() }, is_staff: false };
            bookings::make(db, &ctx, &row, &acting, &[new])?;
            told.send(()).unwrap();
            released.lock().unwrap().recv().unwrap();
            Ok(())
        };
        store.write(make).await
    });
    until("the booking", async || heard.try_recv().is_ok()).await;
    let office = pushed.office.clone();
    let push = tokio::spawn(async move { office.put("/roster/classes", json!({ "items": [{ "sourced_id": "9-french", "remove": true }] })).await.is(200) });
    until("the push waits", async || school.is_waited_for("evenings").await).await;
    release.send(()).unwrap();
    booking.await.unwrap().unwrap();
    assert_eq!(push.await.unwrap().text_at("/items/0/outcome"), "removed");
    let mails = school.mails().await;
    let letter = mails.iter().find(|mail| mail.to == OFFICE).expect("a letter");
    assert!(letter.text.contains("French (the class is gone)"), "{}", letter.text);
    // One that comes later is refused.
    let later = json!({ "bookings": [wish.at(&wish.free[1])] });
    parent.post(&school.evening("/bookings"), later).await.refuses(422, "class_not_offered");
    let rachel: PersonRow = school.read(|db| Ok(people::table.filter(people::sourced_id.eq("p-rachel-aaron")).select(PersonRow::as_select()).first(db)?)).await;
    let as_staff = format!("{}?parent_id={}", school.evening("/bookings"), rachel.id().0);
    assert_eq!(about(&pushed.office.get(&as_staff).await.is(200), "French")["stranded"], "class_gone");
}

#[tokio::test]
async fn one_that_is_moved_beside_a_push_that_strands_it_anew_is_told_again() {
    let pushed = Pushed::start().await;
    let (school, parent) = (&pushed.school, pushed.school.parent().await);
    let booking = about(&pushed.read(&parent).await, "Science");
    let times = other_times(school, &parent).await;
    pushed.push("enrolments", place("9a-science", "t-abell", "teacher", true)).await;
    assert!(pushed.letter().await.expect("a letter").contains("a teacher left the class"));
    school.wait(TimeDelta::minutes(1));
    // The office moves it to a teacher who has just come, and is not done yet.
    pushed.push("enrolments", place("9a-science", "t-price", "teacher", false)).await;
    let id = booking["id"].as_str().unwrap().parse::<uuid::Uuid>().unwrap();
    let (ctx, of_school, evening, rachel, store) =
        (school.app.context(), school.people.school, school.people.evening, school.people.parent, school.app.store.clone());
    let (told, heard) = mpsc::channel();
    let (release, released) = mpsc::channel();
    let released = Mutex::new(released);
    let moving = tokio::spawn(async move {
        let change = move |db: &mut Db| {
            let (row, found) = (evenings::find(db, of_school, evening)?, bookings::find(db, of_school, None, id.into())?);
            let acting = Acting { parent: rachel, actor: Acts { person: None, name: "the office".to_owned() }, is_staff: true };
            evenings::held(db, evening)?;
            let free = |db: &mut Db| times.iter().any(|time| bookings::change(db, &ctx, &row, &acting, &found.row, time.parse().unwrap()).is_ok());
            told.send(()).unwrap();
            released.lock().unwrap().recv().unwrap();
            assert!(free(db), "one of the times is free");
            Ok(())
        };
        store.write(change).await
    });
    until("the move", async || heard.try_recv().is_ok()).await;
    let office = pushed.office.clone();
    let push = tokio::spawn(async move { office.put("/roster/classes", json!({ "items": [{ "sourced_id": "9a-science", "remove": true }] })).await.is(200) });
    until("the push waits", async || school.is_waited_for("evenings").await).await;
    release.send(()).unwrap();
    moving.await.unwrap().unwrap();
    push.await.unwrap();
    let mails = school.mails().await;
    let letter = mails.iter().find(|mail| mail.to == OFFICE).expect("a letter");
    assert!(letter.text.contains("Mr Rhys Price, Sophie Aaron, Science (the class is gone)"), "{}", letter.text);
}

#[tokio::test]
async fn a_guest_is_still_invited_to_one() {
    let pushed = Pushed::start().await;
    let (school, parent) = (&pushed.school, pushed.school.parent().await);
    let path = school.evening("/invites");
    let students = async || parent.get(&path).await.is(200).list("/students");
    let before = students().await;
    let settings = pushed.office.get(&format!("{}/settings", school.evening(""))).await.is(200);
    for class in settings.list("/classes") {
        pushed.remove_class(class["sourced_id"].as_str().unwrap()).await;
    }
    assert_eq!(students().await, before, "those whose appointments stand");
    let free = before.iter().find(|one| one["invited"] == false).unwrap();
    let invite = json!({ "name": "Sam Aaron", "email": "sam.aaron@example.org", "consent": true, "student_ids": [free["student"]["id"]] });
    parent.post(&path, invite).await.is(201);
    school.ignore_mail("what staff and guests are told is looked at by other tests");
}
