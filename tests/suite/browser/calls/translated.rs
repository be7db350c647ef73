//! Tests of a call in browsers that translate the page.

use chrono::TimeDelta;

use super::{
    evening::{Evening, camera_runs, join},
    media::sees_and_hears,
};
use crate::browser::translated::{assert_no_stale_text, enable_translator};

#[actix_web::test]
async fn translated_call_door_counts_down() {
    let evening = Evening::start().await;
    // Ten seconds before the door opens, which is ten minutes before the appointment begins.
    evening.school.clock.advance(TimeDelta::seconds(-615));
    let parent = evening.browser(375).await;
    enable_translator(&parent).await;
    parent.open(&evening.page("dev/login/parent")).await;
    parent.open(&evening.call()).await;
    camera_runs(&parent).await;
    let countdown = "document.querySelector('.door [role=timer]').textContent";
    parent.wait_for_js(&format!("/^Opens in 0:0\\d$/.test({countdown})")).await;
    let first = parent.run(&format!("return {countdown}")).await;
    parent
        .wait_for_js(&format!("{countdown}.startsWith('Opens in') && {countdown} !== {first}"))
        .await;
    parent.wait_for_js(&format!("{countdown}.startsWith('Begins in 9:5')")).await;
    let second = parent.run(&format!("return {countdown}")).await;
    parent.wait_for_js(&format!("{countdown} !== {second}")).await;
    parent.has_button("Join the call").await;
    assert_no_stale_text(&parent, "the door").await;
}

#[actix_web::test]
async fn translated_call_shows_current_state() {
    let evening = Evening::start().await;
    let teacher = evening.browser(1280).await;
    enable_translator(&teacher).await;
    teacher.open(&evening.page("dev/login/teacher")).await;
    join(&teacher, &evening.call()).await;
    teacher.sees("Nobody else is here yet.").await;
    let parent = evening.browser(375).await;
    enable_translator(&parent).await;
    parent.open(&evening.page("dev/login/parent")).await;
    join(&parent, &evening.call()).await;
    sees_and_hears(&teacher, 1).await;
    sees_and_hears(&parent, 1).await;
    // The countdown runs.
    let first = parent.run("return document.querySelector('.countdown').textContent").await;
    parent
        .wait_for_js(&format!("document.querySelector('.countdown').textContent !== {first}"))
        .await;
    // The button's label names its next action, and the button keeps the focus.
    parent.press("Mute").await;
    parent.wait_for_js("document.activeElement.textContent.trim() === 'Unmute'").await;
    teacher.labelled_element("Rachel Aaron, parent").await;
    teacher.sees("muted").await;
    parent.press("Unmute").await;
    parent.wait_for_js("document.activeElement.textContent.trim() === 'Mute'").await;
    assert_no_stale_text(&parent, "a parent's call").await;
    parent.press("Leave").await;
    parent.heading("You left the call").await;
    assert_no_stale_text(&parent, "after the call").await;
    teacher
        .wait_for_js("document.querySelector('p.unseen[role=status]').textContent.includes('left')")
        .await;
    teacher.no_labelled_element("Rachel Aaron, parent").await;
    assert_no_stale_text(&teacher, "a teacher's call").await;
}
