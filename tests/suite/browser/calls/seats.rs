//! Tests of seats in browsers: one participant too many waits, a person has one seat, and a
//! vanished participant's seat is freed.

use parlour_domain::id::InviteId;

use super::{
    evening::{Evening, join, press_join},
    media::sees_and_hears,
};

#[actix_web::test]
async fn fifth_participant_waits_and_enters_when_one_leaves() {
    let evening = Evening::start().await;
    let colleagues = evening.add_teachers(&["t-davies", "t-hussain"]).await;
    let teacher = evening.as_actor(1280, "teacher").await;
    join(&teacher, &evening.call()).await;
    let second = evening.as_teacher(1280, &colleagues[0]).await;
    join(&second, &evening.call()).await;
    let third = evening.as_teacher(1280, &colleagues[1]).await;
    join(&third, &evening.call()).await;
    let parent = evening.as_actor(375, "parent").await;
    join(&parent, &evening.call()).await;
    sees_and_hears(&parent, 3).await;
    let guest = evening.as_actor(375, "guest").await;
    press_join(&guest, &evening.guests_call()).await;
    guest.heading("The call is full").await;
    guest.sees("You are number 1 in the queue.").await;
    assert_eq!(evening.seated().await.len(), 4);
    teacher.sees("Jordan Aaron").await;
    third.press("Leave").await;
    third.heading("You left the call").await;
    sees_and_hears(&guest, 3).await;
    let InviteId(invite) = evening.school.people.invite.expect("an invite");
    assert!(evening.seated().await.contains(&invite) && evening.seated().await.len() == 4);
}

#[actix_web::test]
async fn second_device_confirms_and_takes_the_seat_over() {
    let evening = Evening::start().await;
    let teacher = evening.as_actor(1280, "teacher").await;
    join(&teacher, &evening.call()).await;
    let first = evening.as_actor(1280, "parent").await;
    join(&first, &evening.call()).await;
    sees_and_hears(&first, 1).await;
    let second = evening.as_actor(375, "parent").await;
    press_join(&second, &evening.call()).await;
    second.heading("Move here?").await;
    sees_and_hears(&first, 1).await;
    second.press("Move here").await;
    first.heading("You moved to another device or tab").await;
    sees_and_hears(&second, 1).await;
    sees_and_hears(&teacher, 1).await;
    assert_eq!(evening.seated().await.len(), 2, "a person has one seat");
}

#[actix_web::test]
async fn killed_browser_loses_tile_and_seat() {
    let evening = Evening::start().await;
    let teacher = evening.as_actor(1280, "teacher").await;
    join(&teacher, &evening.call()).await;
    let parent = evening.as_actor(1280, "parent").await;
    join(&parent, &evening.call()).await;
    sees_and_hears(&teacher, 1).await;
    parent.kill();
    teacher.sees("Reconnecting…").await;
    assert_eq!(evening.seated().await.len(), 2, "the seat is held for them");
    evening.wait_for_seats(1).await;
    teacher.no_labelled_element("Rachel Aaron, parent").await;
    teacher.sees("Nobody else is here now.").await;
    teacher.sees("Left: Rachel Aaron").await;
}
