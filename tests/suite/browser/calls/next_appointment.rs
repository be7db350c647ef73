//! Tests of moving on to the next appointment, and of a guest's link that several people use.

use chrono::TimeDelta;

use super::{
    evening::{BROWSER_CLOCK_ADVANCE, Evening, advance_browser_clock, join, press_join},
    media::sees_and_hears,
};
use crate::browser::pages::check_page;

#[actix_web::test]
async fn next_appointment_starts_automatically() {
    let evening = Evening::start().await;
    let teacher = evening.as_actor(1280, "teacher").await;
    join(&teacher, &evening.call()).await;
    let parent = evening.as_actor(375, "parent").await;
    join(&parent, &evening.call()).await;
    sees_and_hears(&parent, 1).await;
    evening.school.advance_clock(TimeDelta::minutes(5));
    parent.heading("Your next appointment").await;
    check_page(&parent, "the next appointment").await;
    // The pages move on without a press.
    parent.heading("Mr Geraint Davies").await;
    parent.labelled_element("Call controls").await;
    teacher.labelled_element("Call controls").await;
    teacher.no_labelled_element("Rachel Aaron, parent").await;
}

#[actix_web::test]
async fn repeated_takeover_asks_for_a_code_on_screen() {
    let evening = Evening::start().await;
    evening.school.clock.advance(TimeDelta::seconds(-420));
    let mut last = evening.as_actor(375, "guest").await;
    join(&last, &evening.guests_call()).await;
    for _ in 0..2 {
        let next = evening.as_actor(375, "guest").await;
        press_join(&next, &evening.guests_call()).await;
        next.heading("Move here?").await;
        next.press("Move here").await;
        next.labelled_element("Call controls").await;
        last.heading("Your link was opened in another browser").await;
        last = next;
    }
    let fourth = evening.as_actor(375, "guest").await;
    press_join(&fourth, &evening.guests_call()).await;
    fourth.heading("Move here?").await;
    fourth.press("Move here").await;
    fourth.heading("Enter a code").await;
    check_page(&fourth, "the question for a code").await;
    // Time has passed, and the countdown still starts from the time at which the door was read.
    advance_browser_clock(&fourth).await;
    evening.shows_remaining_time(&fourth, ".countdown", BROWSER_CLOCK_ADVANCE).await;
    fourth.press("Mail me the code").await;
    fourth.sees("on its way to").await;
    let told = evening.school.mails().await;
    let mut lines = told
        .iter()
        .filter(|mail| mail.to == "jordan.aaron@example.org")
        .flat_map(|mail| mail.text.lines());
    let is_code = |line: &&str| {
        line.chars().filter(char::is_ascii_digit).count() == 6
            && line.chars().all(|c| c.is_ascii_digit() || c == ' ')
    };
    let code = lines.find(is_code).expect("the mail has the code").replace(' ', "");
    let other = if code == "000000" { "000001" } else { "000000" };
    fourth.fill("Code", other).await;
    fourth.press("Go on").await;
    fourth.sees("That is not the code.").await;
    check_page(&fourth, "a wrong code").await;
    evening.shows_remaining_time(&fourth, ".countdown", BROWSER_CLOCK_ADVANCE).await;
    fourth.fill("Code", &code).await;
    fourth.press("Go on").await;
    fourth.heading("You’re in").await;
    // From here on messages of the server carry the time.
    evening.shows_remaining_time(&fourth, ".countdown", TimeDelta::zero()).await;
    assert_eq!(evening.seats().await.len(), 1);
}
