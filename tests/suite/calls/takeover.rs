//! Tests of takeovers (I9): a person on another device, a device with another socket, and a link
//! that several people use.

use chrono::TimeDelta;
use diesel::prelude::*;
use parlour::{
    schema::throttles,
    store::{Db, sql_types::at},
};
use parlour_wire::{ClientMessage, Join, PresenceState, ServerMessage};
use serde_json::json;

use super::{ABELL, JORDAN, Meeting, RACHEL};
use crate::harness::{CallSocket, code_of, join_message, token_of};

#[tokio::test]
async fn second_device_confirms_and_the_first_is_notified() {
    let meeting = Meeting::starting_soon().await;
    let rachel = meeting.rachel().await;
    let mut abell = meeting.abell().await.join_call(&meeting.door, "desk").await;
    let mut phone = rachel.join_call(&meeting.door, "phone").await;
    let (older, _) = phone.seated().await;
    let mut tablet = rachel.join_call(&meeting.door, "tablet").await;
    tablet.receive_until(|message| (*message == ServerMessage::MoveHere).then_some(())).await;
    phone.sync().await;
    tablet
        .send_message(ClientMessage::Join(Join { move_here: true, ..join_message("tablet") }))
        .await;
    let (newer, resumed) = tablet.seated().await;
    assert!(newer > older && !resumed);
    assert_eq!(phone.evicted().await.0, "taken_over");
    // A signal to the older connection reaches nobody.
    let here = abell.people(|people| people.iter().any(|one| one.connection == Some(newer))).await;
    let rachel = here.iter().find(|one| one.name == RACHEL).unwrap();
    abell.offer(rachel.id, older, "late").await;
    abell.offer(rachel.id, newer, "in time").await;
    assert_eq!(tablet.signal().await.2, "in time");
}

#[tokio::test]
async fn reload_keeps_the_seat_with_a_new_connection_number() {
    let meeting = Meeting::starting_soon().await;
    let rachel = meeting.rachel().await;
    let mut before = rachel.join_call(&meeting.door, "phone").await;
    let (older, _) = before.seated().await;
    let mut again = rachel.call_socket(&meeting.door).await;
    again.send_message(ClientMessage::Join(Join { fresh: true, ..join_message("phone") })).await;
    let (newer, resumed) = again.seated().await;
    assert!(newer > older && !resumed);
    assert_eq!(before.evicted().await.0, "taken_over");
    // A second socket of the same connection replaces the first, whose messages no longer count.
    let mut once_more = rachel.join_call(&meeting.door, "phone").await;
    assert_eq!(once_more.seated().await, (newer, true));
    assert_eq!(again.closed().await, Some(1000));
    once_more.sees(ABELL, PresenceState::Missing).await;
    once_more.sync().await;
    assert!(once_more.received.iter().all(|message| !matches!(message, ServerMessage::Out { .. })));
}

#[tokio::test]
async fn parent_with_the_guest_link_does_not_evict_the_guest() {
    let meeting = Meeting::starting_soon().await;
    let (rachel, jordan) = (meeting.rachel().await, meeting.jordan().await);
    let token =
        json!({ "token": token_of(meeting.school.demo_mail_to("jordan.aaron@example.org")) });
    let mut guest = jordan.join_call(&meeting.guest_door, "sofa").await;
    guest.seated().await;
    rachel.post("/guest_links/preview", token.clone()).await.is(200);
    rachel.post("/guest_sessions", token.clone()).await.refuses(409, "own_invite");
    // A browser without her session may read the link's page, begin a guest session and read the
    // door. None of that evicts the guest.
    let elsewhere = meeting.school.nobody();
    elsewhere.post("/guest_links/preview", token.clone()).await.is(200);
    elsewhere.post("/guest_sessions", token).await.is(201);
    assert_eq!(elsewhere.get(&meeting.guest_door).await.is(200).body["elsewhere"], json!(true));
    let mut line = elsewhere.join_call(&meeting.guest_door, "kitchen").await;
    line.receive_until(|message| (*message == ServerMessage::MoveHere).then_some(())).await;
    let mut parent = rachel.join_call(&meeting.door, "phone").await;
    parent.sees(JORDAN, PresenceState::InCall).await;
    guest.sync().await;
    assert!(
        guest.received.iter().all(|message| !matches!(message, ServerMessage::Out { .. })),
        "{:?}",
        guest.received
    );
}

/// Has the guest's seat taken over twice and returns the connection that sits last.
async fn taken_over_twice(meeting: &Meeting) -> CallSocket {
    // Each takeover comes from a browser of its own.
    let mut line = meeting.jordan().await.join_call(&meeting.guest_door, "one").await;
    line.seated().await;
    for name in ["two", "three"] {
        let mut next = meeting.jordan().await.call_socket(&meeting.guest_door).await;
        next.send_message(ClientMessage::Join(Join { move_here: true, ..join_message(name) }))
            .await;
        next.seated().await;
        assert_eq!(line.evicted().await.0, "opened_elsewhere");
        line = next;
    }
    line
}

/// Matches a request for a code: the masked address, whether a code was sent, and whether the given
/// code was wrong.
fn code_required(message: &ServerMessage) -> Option<(String, bool, bool)> {
    match message {
        ServerMessage::CodeRequired { masked_email, sent, wrong } => {
            Some((masked_email.clone(), *sent, *wrong))
        }
        _ => None,
    }
}

/// A fourth device that was sent a code: its connection, the code and a wrong code.
async fn fourth_device(meeting: &Meeting) -> (CallSocket, String, &'static str) {
    let mut fourth = meeting.jordan().await.call_socket(&meeting.guest_door).await;
    fourth
        .send_message(ClientMessage::Join(Join { move_here: true, ..join_message("four") }))
        .await;
    fourth.receive_until(code_required).await;
    // Take out the mails that tell parent and guest of the takeovers.
    meeting.school.mails().await;
    fourth.send_message(ClientMessage::SendCode).await;
    assert!(fourth.receive_until(code_required).await.1);
    let code = code_of(&meeting.school.mail_to("jordan.aaron@example.org").await);
    let wrong = if code == "000000" { "000001" } else { "000000" };
    (fourth, code, wrong)
}

fn join_with(code: &str) -> ClientMessage {
    ClientMessage::Join(Join {
        move_here: true,
        code: Some(code.to_owned()),
        ..join_message("four")
    })
}

#[tokio::test]
async fn repeated_takeover_of_a_guest_link_requires_a_code() {
    let meeting = Meeting::starting_soon().await;
    let school = &meeting.school;
    let mut line = taken_over_twice(&meeting).await;
    let mut fourth = meeting.jordan().await.call_socket(&meeting.guest_door).await;
    fourth
        .send_message(ClientMessage::Join(Join { move_here: true, ..join_message("four") }))
        .await;
    let (masked, sent, wrong) = fourth.receive_until(code_required).await;
    assert!(!sent && !wrong && !masked.contains("jordan.aaron@"), "{masked}");
    let told = school.mails().await;
    let to: Vec<&str> = told.iter().map(|mail| mail.to.as_str()).collect();
    assert!(
        to.contains(&"jordan.aaron@example.org") && to.contains(&"rachel.aaron@example.org"),
        "{to:?}"
    );
    fourth.send_message(ClientMessage::SendCode).await;
    assert!(fourth.receive_until(code_required).await.1);
    let code = code_of(&school.mail_to("jordan.aaron@example.org").await);
    let other = if code == "000000" { "000001" } else { "000000" };
    fourth.send_message(join_with(other)).await;
    assert!(fourth.receive_until(code_required).await.2);
    line.sync().await;
    fourth.send_message(join_with(&code)).await;
    fourth.seated().await;
    assert_eq!(line.evicted().await.0, "opened_elsewhere");
}

#[tokio::test]
async fn wrong_codes_of_strangers_do_not_block_the_guests_code() {
    const GUEST: &str = "jordan.aaron@example.org";
    let meeting = Meeting::starting_soon().await;
    let _line = taken_over_twice(&meeting).await;
    let (mut fourth, code, _) = fourth_device(&meeting).await;
    // A stranger who knows the guest's address uses up its wrong login codes.
    for _ in 0..3 {
        let stranger = meeting.school.nobody();
        let link =
            stranger.post("/login_links", json!({ "email": GUEST })).await.is(202).text_at("/id");
        for (wrong, status, code) in [
            ("000000", 403, "code_wrong"),
            ("000001", 403, "code_wrong"),
            ("000002", 403, "code_wrong"),
            ("000003", 403, "code_wrong"),
            ("000004", 410, "code_dead"),
        ] {
            let given = json!({ "login_link_id": link, "code": wrong });
            stranger.post("/sessions", given).await.refuses(status, code);
        }
    }
    let stranger = meeting.school.nobody();
    let link =
        stranger.post("/login_links", json!({ "email": GUEST })).await.is(202).text_at("/id");
    stranger
        .post("/sessions", json!({ "login_link_id": link, "code": "000000" }))
        .await
        .refuses(429, "too_many_requests");
    fourth.send_message(join_with(&code)).await;
    fourth.seated().await;
    meeting.school.mails().await;
}

#[tokio::test]
async fn too_many_wrong_codes_of_a_guest_are_refused() {
    let meeting = Meeting::starting_soon().await;
    let _line = taken_over_twice(&meeting).await;
    let (mut fourth, code, wrong) = fourth_device(&meeting).await;
    for _ in 0..3 {
        fourth.send_message(join_with(wrong)).await;
        assert!(fourth.receive_until(code_required).await.2);
    }
    // Another session on the same device shares the code, which is dead after five wrong tries.
    let mut again = meeting.jordan().await.call_socket(&meeting.guest_door).await;
    for _ in 0..2 {
        again.send_message(join_with(wrong)).await;
        assert!(again.receive_until(code_required).await.2);
    }
    again.send_message(join_with(&code)).await;
    let (_, sent, _) = again.receive_until(code_required).await;
    assert!(!sent, "another code has to be asked for");
    again.send_message(ClientMessage::SendCode).await;
    assert!(again.receive_until(code_required).await.1);
    let code = code_of(&meeting.school.mail_to("jordan.aaron@example.org").await);
    // After too many wrong codes for the invite, even the right code is refused for a while.
    let full_at = at(meeting.school.now() + TimeDelta::hours(2));
    let empty = move |db: &mut Db| {
        let of_codes = throttles::table
            .filter(throttles::kind.eq("code_address").and(throttles::subject.like("invite %")));
        Ok(diesel::update(of_codes).set(throttles::full_at.eq(full_at)).execute(db)?)
    };
    assert_eq!(meeting.school.app.store.write(empty).await.unwrap(), 1);
    again.send_message(join_with(&code)).await;
    again.problem("too_many_requests").await;
}

#[tokio::test]
async fn evicted_guest_can_renew_the_link() {
    let meeting = Meeting::starting_soon().await;
    let school = &meeting.school;
    let jordan = meeting.jordan().await;
    let mut line = jordan.join_call(&meeting.guest_door, "phone").await;
    line.seated().await;
    // Another tab of the same browser belongs to the guest.
    let mut tab = jordan.call_socket(&meeting.guest_door).await;
    tab.send_message(ClientMessage::Join(Join { move_here: true, ..join_message("tab") })).await;
    tab.seated().await;
    assert_eq!(line.evicted().await.0, "taken_over");
    // Another browser may belong to somebody else.
    let other = meeting.jordan().await;
    let mut elsewhere = other.call_socket(&meeting.guest_door).await;
    elsewhere
        .send_message(ClientMessage::Join(Join { move_here: true, ..join_message("elsewhere") }))
        .await;
    elsewhere.seated().await;
    let (code, detail) = tab.evicted().await;
    assert_eq!(code, "opened_elsewhere");
    assert!(detail.contains("another browser"), "{detail}");
    let booking = meeting.booking;
    jordan
        .post("/guest_links/renew", json!({ "booking_id": booking, "token": "both" }))
        .await
        .is(422);
    school
        .nobody()
        .post("/guest_links/renew", json!({ "booking_id": booking }))
        .await
        .refuses(401, "not_logged_in");
    school
        .stranger()
        .await
        .post("/guest_links/renew", json!({ "booking_id": booking }))
        .await
        .refuses(401, "not_logged_in");
    jordan.post("/guest_links/renew", json!({ "booking_id": booking })).await.is(204);
    assert_eq!(elsewhere.evicted().await.0, "link_renewed");
    let mail = school.mail_to("jordan.aaron@example.org").await;
    school.nobody().post("/guest_sessions", json!({ "token": token_of(&mail) })).await.is(201);
    other.get("/guest/appointments").await.refuses(401, "not_logged_in");
}
