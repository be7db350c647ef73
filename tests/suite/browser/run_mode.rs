//! The teacher's schedule while the evening runs: who waits appears by itself, what is typed stays and is kept.

use chrono::TimeDelta;
use serde_json::json;

use super::{client, driver::Browser, pages::look};
use crate::harness::{School, until};

async fn evening(width: u32) {
    let school = School::start_with(&[("PARLOUR_MODE", "demo"), ("PARLOUR_CLIENT_DIR", &client())]).await;
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
    look(&teacher, "the evening as it begins").await;

    // Half a note is typed when Rachel Aaron comes.
    teacher.press_first("Private note").await;
    teacher.write("Private note about Sophie Aaron", "Practise times").await;
    teacher.sees("Saved").await;
    teacher.write("Private note about Sophie Aaron", " tables.").await;
    let of_teacher = school.teacher().await;
    let booking = of_teacher.get(&school.evening("/schedule")).await.is(200).text_at("/appointments/0/booking_id").parse().expect("an id");
    school.start_call(booking).await;
    school.seat_parent(booking).await;
    teacher.sees("Rachel Aaron: here").await;
    teacher.becomes("document.querySelector('p.unseen[role=status]').textContent === 'Rachel Aaron is waiting for 16:00.'").await;
    assert_eq!(teacher.value("Private note about Sophie Aaron").await, "Practise times tables.", "what is typed stays");
    look(&teacher, "the evening with somebody who waits").await;

    teacher.choose("Running late", "10 minutes").await;
    teacher.press("Nobody came: Sophie Aaron at 16:00").await;
    let kept = json!([10, true, "Practise times tables."]);
    let is_kept = async || {
        let now = of_teacher.get(&school.evening("/schedule")).await.is(200).body;
        json!([now["late_minutes"], now["appointments"][0]["no_show"], now["appointments"][0]["note"]]) == kept
    };
    until("lateness, mark and note are kept", is_kept).await;
    teacher.reload().await;
    teacher.sees("Science · Rachel Aaron").await;
    assert_eq!(teacher.value("Private note about Sophie Aaron").await, "Practise times tables.", "and is kept");
    look(&teacher, "the evening with a note and a mark").await;

    school.wait(TimeDelta::hours(3));
    teacher.sees("This evening is over.").await;
    look(&teacher, "the evening when it is over").await;
    teacher.close().await;
}

#[actix_web::test]
async fn a_teacher_runs_the_evening_on_a_phone() {
    evening(375).await;
}

#[actix_web::test]
async fn a_teacher_runs_the_evening_at_a_desk() {
    evening(1280).await;
}
