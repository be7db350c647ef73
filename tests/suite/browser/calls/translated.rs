//! A call in browsers that translate the page.

use super::{
    evening::{Evening, join},
    media::sees_and_hears,
};
use crate::browser::translated::{nothing_is_stale, translating};

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
    teacher.becomes("document.querySelector('p.unseen[role=status]').textContent.includes('left')").await;
    teacher.no_part("Rachel Aaron, parent").await;
    nothing_is_stale(&teacher, "a teacher's call").await;
}
