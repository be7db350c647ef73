//! A call in browsers that translate the page.

use chrono::TimeDelta;

use super::{
    evening::{Evening, camera_runs, join},
    media::sees_and_hears,
};
use crate::browser::translated::{nothing_is_stale, translating};

#[actix_web::test]
async fn a_translated_door_counts_down() {
    let evening = Evening::start().await;
    // Ten seconds before the door opens, which is ten minutes before the appointment begins.
    evening.school.clock.advance(TimeDelta::seconds(-615));
    let parent = evening.browser(375).await;
    translating(&parent).await;
    parent.open(&evening.page("dev/login/parent")).await;
    parent.open(&evening.call()).await;
    camera_runs(&parent).await;
    let countdown = "document.querySelector('.door [role=timer]').textContent";
    parent.becomes(&format!("/^Opens in 0:0\\d$/.test({countdown})")).await;
    let first = parent.run(&format!("return {countdown}")).await;
    parent.becomes(&format!("{countdown}.startsWith('Opens in') && {countdown} !== {first}")).await;
    parent.becomes(&format!("{countdown}.startsWith('Begins in 9:5')")).await;
    let second = parent.run(&format!("return {countdown}")).await;
    parent.becomes(&format!("{countdown} !== {second}")).await;
    parent.has_button("Join the call").await;
    nothing_is_stale(&parent, "the door").await;
}

#[actix_web::test]
async fn a_translated_call_shows_what_is_true() {
    let evening = Evening::start().await;
    let teacher = evening.browser(1280).await;
    translating(&teacher).await;
    teacher.open(&evening.page("dev/login/teacher")).await;
    join(&teacher, &evening.call()).await;
    teacher.sees("Nobody else is here yet.").await;
    let parent = evening.browser(375).await;
    translating(&parent).await;
    parent.open(&evening.page("dev/login/parent")).await;
    join(&parent, &evening.call()).await;
    sees_and_hears(&teacher, 1).await;
    sees_and_hears(&parent, 1).await;
    // The countdown runs.
    let first = parent.run("return document.querySelector('.countdown').textContent").await;
    parent.becomes(&format!("document.querySelector('.countdown').textContent !== {first}")).await;
    // The button says what it would do, and keeps the focus.
    parent.press("Mute").await;
    parent.becomes("document.activeElement.textContent.trim() === 'Unmute'").await;
    teacher.part("Rachel Aaron, parent").await;
    teacher.sees("muted").await;
    parent.press("Unmute").await;
    parent.becomes("document.activeElement.textContent.trim() === 'Mute'").await;
    nothing_is_stale(&parent, "a parent's call").await;
    parent.press("Leave").await;
    parent.heading("You left the call").await;
    nothing_is_stale(&parent, "after the call").await;
    teacher
        .becomes("document.querySelector('p.unseen[role=status]').textContent.includes('left')")
        .await;
    teacher.no_part("Rachel Aaron, parent").await;
    nothing_is_stale(&teacher, "a teacher's call").await;
}
