//! Tests of every screen of a call with axe-core: light and dark, at phone and desktop widths.

use chrono::TimeDelta;

use super::{
    evening::{Evening, camera_runs, join, press_join},
    media::sees_and_hears,
};
use crate::browser::{driver::Browser, pages::check_page};

async fn screens(width: u32) {
    let evening = Evening::start().await;
    evening.school.execute("update evenings set capacity = 2").await;
    let teacher = evening.as_actor(width, "teacher").await;
    teacher.open(&evening.call()).await;
    teacher.heading("Call with Rachel Aaron").await;
    camera_runs(&teacher).await;
    check_page(&teacher, "the door").await;
    teacher.open(&evening.page("devices")).await;
    teacher.heading("Check your devices").await;
    teacher.sees("This network").await;
    check_page(&teacher, "the check of the devices").await;
    join(&teacher, &evening.call()).await;
    teacher.sees("Nobody else is here yet.").await;
    check_page(&teacher, "a call that one is alone in").await;
    let parent = evening.as_actor(width, "parent").await;
    join(&parent, &evening.call()).await;
    sees_and_hears(&parent, 1).await;
    check_page(&teacher, "a teacher's call").await;
    check_page(&parent, "a parent's call").await;
    let guest = evening.as_actor(width, "guest").await;
    press_join(&guest, &evening.guests_call()).await;
    guest.heading("The call is full").await;
    check_page(&guest, "a full call").await;
    let again = evening.as_actor(width, "parent").await;
    press_join(&again, &evening.call()).await;
    again.heading("Move here?").await;
    check_page(&again, "the question before a takeover").await;
    again.press("Move here").await;
    parent.heading("You moved to another device or tab").await;
    check_page(&parent, "after a takeover").await;
    again.press("Leave").await;
    again.heading("You left the call").await;
    check_page(&again, "after leaving").await;
    evening.school.advance_clock(TimeDelta::minutes(6));
    guest.heading("The appointment is over").await;
    check_page(&guest, "after the end").await;
}

/// Checks that the longest names fit before the beginning: no text is cut, and nothing scrolls
/// sideways.
async fn long_names_fit(width: u32) {
    let evening = Evening::start().await;
    evening.school.clock.advance(TimeDelta::seconds(-300));
    let long = "update people set given_name = 'Wolfeschlegelsteinhausenbergerdorff', family_name \
                = 'Featherstonehaugh-Cholmondeley' where is_teacher or is_parent";
    evening.school.execute(long).await;
    evening
        .school
        .execute(
            "update invites set name = \
             'Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch Aaron'",
        )
        .await;
    let teacher = evening.as_actor(width, "teacher").await;
    join(&teacher, &evening.call()).await;
    teacher.heading("You’re in").await;
    let guest = evening.as_actor(width, "guest").await;
    join(&guest, &evening.guests_call()).await;
    guest.sees("Llanfairpwll").await;
    guest.sees("not here yet").await;
    for browser in [&teacher, &guest] {
        fits(browser).await;
    }
    check_page(&guest, "the lobby with long names").await;
    check_page(&teacher, "a teacher's lobby with long names").await;
    // The same after the beginning. Everybody leaves first, because so large a clock step would end
    // their leases.
    for browser in [&teacher, &guest] {
        browser.press("Leave").await;
        browser.heading("You left the call").await;
    }
    evening.school.advance_clock(TimeDelta::seconds(310));
    join(&teacher, &evening.call()).await;
    join(&guest, &evening.guests_call()).await;
    sees_and_hears(&guest, 1).await;
    guest.sees("Not here yet").await;
    fits(&guest).await;
    check_page(&guest, "a call with long names").await;
}

async fn fits(browser: &Browser) {
    browser
        .wait_for_js(
            "document.scrollingElement.scrollWidth <= innerWidth && \
             [...document.querySelectorAll('.lobby')].every((one) => one.scrollWidth <= \
             one.clientWidth)",
        )
        .await;
}

#[actix_web::test]
async fn long_names_fit_on_a_phone() {
    long_names_fit(375).await;
}

#[actix_web::test]
async fn long_names_fit_on_a_desktop() {
    long_names_fit(1280).await;
}

#[actix_web::test]
async fn axe_finds_no_violations_on_a_phone() {
    screens(375).await;
}

#[actix_web::test]
async fn axe_finds_no_violations_on_a_desktop() {
    screens(1280).await;
}
