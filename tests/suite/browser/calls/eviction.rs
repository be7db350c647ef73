//! Tests of eviction from a call, and of actions that must not evict anybody.

use crate::{browser::pages::check_page, harness::token_of};

use super::{
    evening::{Evening, join, press_join},
    media::{connections, sees_and_hears},
};

#[actix_web::test]
async fn guest_of_a_removed_invite_is_evicted_with_reason() {
    let evening = Evening::start().await;
    let teacher = evening.as_actor(1280, "teacher").await;
    join(&teacher, &evening.call()).await;
    let guest = evening.as_actor(375, "guest").await;
    join(&guest, &evening.guests_call()).await;
    sees_and_hears(&guest, 1).await;
    let invite = evening.school.people.invite.expect("an invite").0;
    evening.school.parent().await.delete(&format!("/invites/{invite}")).await.is(204);
    guest.sees("removed").await;
    guest.no_labelled_element("Mrs Anita Abell, teacher").await;
    teacher.no_labelled_element("Jordan Aaron, guest").await;
    assert_eq!(evening.seated().await, [evening.school.people.teacher.0]);
    guest.open(&evening.guests_call()).await;
    guest.sees("removed").await;
    let mails = evening.school.mails().await;
    assert!(
        mails.iter().any(|mail| mail.to == "jordan.aaron@example.org"),
        "they are told by mail as well"
    );
}

#[actix_web::test]
async fn parent_opening_the_guest_link_does_not_evict_the_guest() {
    let evening = Evening::start().await;
    let link = token_of(evening.school.demo_mail_to("jordan.aaron@example.org"));
    let teacher = evening.as_actor(1280, "teacher").await;
    join(&teacher, &evening.call()).await;
    let guest = evening.as_actor(1280, "guest").await;
    join(&guest, &evening.guests_call()).await;
    sees_and_hears(&guest, 1).await;
    let (before, seats) = (connections(&guest).await, evening.seats().await);
    let parent = evening.as_actor(375, "parent").await;
    parent.open(&evening.page(&format!("guest#t={link}"))).await;
    parent.heading("This is the link for Jordan Aaron").await;
    sees_and_hears(&guest, 1).await;
    sees_and_hears(&teacher, 1).await;
    assert_eq!(
        (connections(&guest).await, evening.seats().await),
        (before, seats),
        "the guest's connections and seat are unchanged"
    );
    // When the parent joins by their own link, both stay in the call.
    join(&parent, &evening.call()).await;
    sees_and_hears(&parent, 2).await;
    sees_and_hears(&guest, 2).await;
}

#[actix_web::test]
async fn evicted_guest_can_request_a_new_link_on_screen() {
    let evening = Evening::start().await;
    let teacher = evening.as_actor(1280, "teacher").await;
    join(&teacher, &evening.call()).await;
    let guest = evening.as_actor(375, "guest").await;
    join(&guest, &evening.guests_call()).await;
    sees_and_hears(&guest, 1).await;
    // A stranger uses the guest's link.
    let other = evening.as_actor(1280, "guest").await;
    press_join(&other, &evening.guests_call()).await;
    other.heading("Move here?").await;
    other.press("Move here").await;
    guest.heading("Your link was opened in another browser").await;
    check_page(&guest, "after another opened the link").await;
    guest.press("Someone else uses my link").await;
    guest.press("Mail me a new link").await;
    guest.heading("A new link is on its way").await;
    other.sees("replaced").await;
    let mail = evening.school.mail_to("jordan.aaron@example.org").await;
    guest.open(&evening.page(&format!("guest#t={}", token_of(&mail)))).await;
    guest.heading("Hello Jordan Aaron").await;
    assert_eq!(evening.seated().await, [evening.school.people.teacher.0]);
}
