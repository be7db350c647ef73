//! Tests of a call in which participants see and hear each other.

use super::{
    evening::{Evening, join},
    media::sees_and_hears,
};

#[actix_web::test]
async fn two_people_see_and_hear_each_other() {
    let evening = Evening::start().await;
    let teacher = evening.as_actor(1280, "teacher").await;
    join(&teacher, &evening.call()).await;
    teacher.sees("Nobody else is here yet.").await;
    let parent = evening.as_actor(375, "parent").await;
    join(&parent, &evening.call()).await;
    sees_and_hears(&teacher, 1).await;
    sees_and_hears(&parent, 1).await;
    teacher.labelled_element("Rachel Aaron, parent").await;
    parent.labelled_element("Mrs Anita Abell, teacher").await;
    parent.press("Leave").await;
    parent.heading("You left the call").await;
    teacher.no_labelled_element("Rachel Aaron, parent").await;
    assert_eq!(
        evening.seated().await,
        [evening.school.people.teacher.0],
        "leaving frees the seat at once"
    );
}

#[actix_web::test]
async fn four_people_see_and_hear_each_other() {
    let evening = Evening::start().await;
    let second = evening.add_teachers(&["t-davies"]).await;
    let teacher = evening.as_actor(1280, "teacher").await;
    let parent = evening.as_actor(1280, "parent").await;
    let guest = evening.as_actor(375, "guest").await;
    let colleague = evening.as_teacher(1280, &second[0]).await;
    let all = [
        (&teacher, evening.call()),
        (&parent, evening.call()),
        (&guest, evening.guests_call()),
        (&colleague, evening.call()),
    ];
    for (browser, address) in &all {
        join(browser, address).await;
    }
    for (browser, _) in &all {
        sees_and_hears(browser, 3).await;
    }
    assert_eq!(evening.seated().await.len(), 4);
}
