//! Tests of the teacher's schedule during the evening: arrivals appear without a reload, and typed
//! text is kept and saved.

use chrono::TimeDelta;
use serde_json::json;

use super::{client, driver::Browser, pages::check_page};
use crate::harness::{School, wait_until};

async fn evening(width: u32) {
    let school =
        School::start_with(&[("PARLOUR_MODE", "demo"), ("PARLOUR_CLIENT_DIR", &client())]).await;
    school.clock.set("2026-11-26T16:02:00Z".parse().expect("a time"));
    let page = |path: &str| format!("{}/s/hillcrest/{path}", school.origin);
    let teacher = Browser::start(width).await;
    teacher.open(&page("dev/login/teacher")).await;
    let schedule = page(&format!("teacher/evenings/{}", school.people.evening.0));
    teacher.open(&schedule).await;
    teacher.heading("My schedule").await;
    teacher.heading("Now").await;
    teacher.sees("Rachel Aaron: not here yet").await;
    teacher.sees("Nobody is waiting at the moment.").await;
    check_page(&teacher, "the evening as it begins").await;

    // Rachel Aaron arrives while a note is half typed.
    teacher.press_first("Private note").await;
    teacher.write("Private note about Sophie Aaron", "Practise times").await;
    teacher.sees("Saved").await;
    teacher.write("Private note about Sophie Aaron", " tables.").await;
    let of_teacher = school.teacher().await;
    let booking = of_teacher
        .get(&school.evening("/schedule"))
        .await
        .is(200)
        .text_at("/appointments/0/booking_id")
        .parse()
        .expect("an id");
    school.start_call(booking).await;
    school.seat_parent(booking).await;
    teacher.sees("Rachel Aaron: here").await;
    teacher
        .wait_for_js(
            "document.querySelector('p.unseen[role=status]').textContent === 'Rachel Aaron is \
             waiting for 16:00.'",
        )
        .await;
    assert_eq!(
        teacher.value("Private note about Sophie Aaron").await,
        "Practise times tables.",
        "typed text is kept"
    );
    check_page(&teacher, "the evening with somebody who waits").await;

    teacher.choose("Running late", "10 minutes").await;
    teacher.press("Nobody came: Sophie Aaron at 16:00").await;
    let kept = json!([10, true, "Practise times tables."]);
    let is_kept = async || {
        let now = of_teacher.get(&school.evening("/schedule")).await.is(200).body;
        json!([
            now["late_minutes"],
            now["appointments"][0]["no_show"],
            now["appointments"][0]["note"]
        ]) == kept
    };
    wait_until("lateness, mark and note are kept", is_kept).await;
    teacher.reload().await;
    teacher.sees("Science · Rachel Aaron").await;
    assert_eq!(
        teacher.value("Private note about Sophie Aaron").await,
        "Practise times tables.",
        "the note is saved"
    );
    check_page(&teacher, "the evening with a note and a mark").await;

    school.advance_clock(TimeDelta::hours(3));
    teacher.sees("This evening is over.").await;
    check_page(&teacher, "the evening when it is over").await;
    teacher.close().await;
}

#[actix_web::test]
async fn teacher_runs_the_evening_on_a_phone() {
    evening(375).await;
}

#[actix_web::test]
async fn teacher_runs_the_evening_on_a_desktop() {
    evening(1280).await;
}

/// Checks that the office does not move an appointment to which nobody came, and makes another one.
async fn office(width: u32) {
    let school =
        School::start_with(&[("PARLOUR_MODE", "demo"), ("PARLOUR_CLIENT_DIR", &client())]).await;
    school.clock.set("2026-11-26T16:06:00Z".parse().expect("a time"));
    let (actor, of_teacher) = (school.staff().await, school.teacher().await);
    let mine = format!("{}?parent_id={}", school.evening("/bookings"), school.people.parent.0);
    let booking = actor.get(&mine).await.is(200).text_at("/rows/0/id");
    of_teacher
        .put(&format!("/bookings/{booking}/record"), json!({ "no_show": true, "note": "" }))
        .await
        .is(200);
    let page = |path: &str| format!("{}/s/hillcrest/{path}", school.origin);
    let office = Browser::start(width).await;
    office.open(&page("dev/login/staff")).await;
    office
        .open(&page(&format!(
            "evenings/{}/book?parent_id={}&change={booking}",
            school.people.evening.0, school.people.parent.0
        )))
        .await;
    office.heading("Change the time").await;
    office.press_first(", free").await;
    office.press_first("Move to ").await;
    office.sees("The school can make another one of the same class").await;
    check_page(&office, "an appointment that keeps its time").await;
    office.press_first("Make another appointment at ").await;
    office.sees("A second appointment with Mrs Anita Abell is made").await;
    check_page(&office, "another appointment beside the first").await;
    let subjects = actor
        .get(&mine)
        .await
        .is(200)
        .list("/rows")
        .into_iter()
        .filter(|row| row["subject"] == "Science")
        .count();
    assert_eq!(subjects, 2);
    school.ignore_mail("mail.rs tests the mail about a booking");
    office.close().await;
}

#[actix_web::test]
async fn office_books_a_second_appointment_on_a_phone() {
    office(375).await;
}

#[actix_web::test]
async fn office_books_a_second_appointment_on_a_desktop() {
    office(1280).await;
}
