//! Tests of seats and queue, and of the participants that others see.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use futures_util::future::join_all;
use parlour_wire::{ClientMessage, PresenceState, ServerMessage};
use serde_json::json;

use super::{ABELL, JORDAN, Meeting, RACHEL};
use crate::harness::{Actor, CallSocket};

#[tokio::test]
async fn signals_pass_between_two_participants() {
    let meeting = Meeting::starting_soon().await;
    let mut abell = meeting.abell().await.join_call(&meeting.door, "desk").await;
    assert_eq!(abell.seated().await, (1, false));
    abell.sees(RACHEL, PresenceState::Missing).await;
    let mut rachel = meeting.rachel().await.join_call(&meeting.door, "phone").await;
    assert_eq!(rachel.seated().await, (2, false));
    let [ServerMessage::Welcome { .. }, ServerMessage::Times { .. }, ServerMessage::Seated { .. }] =
        rachel.received.as_slice()
    else {
        panic!("{:?}", rachel.received);
    };
    let there = rachel.sees(ABELL, PresenceState::InCall).await;
    assert_eq!(there.connection, Some(1));
    let here = abell.sees(RACHEL, PresenceState::InCall).await;
    assert_eq!(here.connection, Some(2));

    rachel.offer(there.id, 1, "an offer").await;
    assert_eq!(abell.signal().await, (here.id, 2, "an offer".to_owned()));
    abell.offer(here.id, 2, "another").await;
    assert_eq!(rachel.signal().await, (there.id, 1, "another".to_owned()));

    abell.turn_camera_on().await;
    rachel
        .people(|people| {
            people.iter().any(|one| one.name == ABELL && one.media.video && one.media.audio)
        })
        .await;
    rachel.send_message(ClientMessage::Leave).await;
    assert_eq!(rachel.evicted().await.0, "left");
    abell.sees(RACHEL, PresenceState::Missing).await;
}

#[tokio::test]
async fn reading_the_door_takes_no_seat() {
    let meeting = Meeting::starting_soon().await;
    let (abell, rachel, jordan) =
        (meeting.abell().await, meeting.rachel().await, meeting.jordan().await);
    let seen = rachel.get(&meeting.door).await.is(200);
    assert_eq!(
        (seen.text_at("/state"), seen.text_at("/you/name"), seen.text_at("/guest")),
        ("open".into(), RACHEL.into(), JORDAN.into())
    );
    assert_eq!(
        (seen.text_at("/next/subject"), seen.body["elsewhere"].as_bool()),
        ("Music".into(), Some(false))
    );
    assert_eq!(abell.get(&meeting.door).await.is(200).text_at("/you/role"), "teacher");
    let guest = jordan.get(&meeting.guest_door).await.is(200);
    assert_eq!((guest.text_at("/you/role"), guest.body["next"].is_null()), ("guest".into(), true));
    // A guest's cookie is not valid for a person's operation, nor a person's for a guest's.
    jordan.get(&meeting.door).await.refuses(401, "not_logged_in");
    rachel.get(&meeting.guest_door).await.refuses(401, "not_logged_in");

    let mut line = rachel.join_call(&meeting.door, "phone").await;
    line.seated().await;
    assert_eq!(rachel.get(&meeting.door).await.is(200).body["elsewhere"], json!(true));
}

#[tokio::test]
async fn fifth_participant_waits_for_a_seat() {
    let meeting = Meeting::starting_soon().await;
    let [second, third] = meeting.with_two_more_teachers().await;
    let mut abell = meeting.abell().await.join_call(&meeting.door, "one").await;
    abell.seated().await;
    let mut second = meeting.school.as_teacher(&second).await.join_call(&meeting.door, "two").await;
    second.seated().await;
    let mut third = meeting.school.as_teacher(&third).await.join_call(&meeting.door, "three").await;
    third.seated().await;
    let mut jordan = meeting.jordan().await.join_call(&meeting.guest_door, "four").await;
    jordan.seated().await;
    // The parent finds the call full, sees so, and can't send signals yet.
    let mut rachel = meeting.rachel().await.join_call(&meeting.door, "five").await;
    assert_eq!(rachel.waiting().await, 1);
    let teacher = rachel.sees(ABELL, PresenceState::InCall).await;
    let waiting = abell.sees(RACHEL, PresenceState::Waiting).await;
    assert_eq!((waiting.place, waiting.connection), (Some(1), None));
    rachel.offer(teacher.id, 1, "from the queue").await;
    rachel.sync().await;

    second.send_message(ClientMessage::Leave).await;
    second.evicted().await;
    let (connection, resumed) = rachel.seated().await;
    assert_eq!((connection, resumed), (5, false));
    abell.sees(RACHEL, PresenceState::InCall).await;
    rachel.offer(teacher.id, 1, "from the seat").await;
    assert_eq!(abell.signal().await.2, "from the seat");
}

#[tokio::test]
async fn disconnected_participant_keeps_the_seat_for_30_seconds() {
    let meeting = Meeting::starting_soon().await;
    let mut abell = meeting.abell().await.join_call(&meeting.door, "desk").await;
    abell.seated().await;
    let rachel = meeting.rachel().await;
    let mut phone = rachel.join_call(&meeting.door, "phone").await;
    let (number, _) = phone.seated().await;
    drop(phone);
    abell.sees(RACHEL, PresenceState::Reconnecting).await;
    // The same device gets its seat back with the same connection number and without a question.
    meeting.advance_clock(20);
    meeting.wait_for_renewal(1).await;
    let mut phone = rachel.join_call(&meeting.door, "phone").await;
    assert_eq!(phone.seated().await, (number, true));
    abell.sees(RACHEL, PresenceState::InCall).await;
    drop(phone);
    abell.sees(RACHEL, PresenceState::Reconnecting).await;
    // A connected participant keeps the seat as time passes; a disconnected one loses it.
    for _ in 0..2 {
        meeting.advance_clock(16);
        meeting.wait_for_renewal(1).await;
    }
    abell.sees(RACHEL, PresenceState::Missing).await;
    abell.sync().await;
    let mut phone = rachel.join_call(&meeting.door, "phone").await;
    let (next, resumed) = phone.seated().await;
    assert!(next > number && !resumed);
}

#[tokio::test]
async fn teacher_extends_the_call_when_all_are_free() {
    let meeting = Meeting::starting_soon().await;
    let mut abell = meeting.abell().await.join_call(&meeting.door, "desk").await;
    let mut rachel = meeting.rachel().await.join_call(&meeting.door, "phone").await;
    rachel.seated().await;
    // Rachel's next appointment begins right after this one.
    abell.send_message(ClientMessage::Extend).await;
    abell.problem("cannot_extend").await;
    rachel.send_message(ClientMessage::Extend).await;
    rachel.problem("cannot_extend").await;
    // The call can be extended when nobody has another appointment.
    meeting
        .school
        .execute("delete from claims where booking_id not in (select booking_id from calls)")
        .await;
    abell.send_message(ClientMessage::Extend).await;
    let longer = super::starts_at() + TimeDelta::minutes(6);
    for line in [&mut abell, &mut rachel] {
        line.receive_until(|message| {
            matches!(message, ServerMessage::Times { ends_at, .. } if *ends_at == longer)
                .then_some(())
        })
        .await;
    }
}

/// Joins, sends an offer to everybody who came before, and receives an offer from everybody who
/// comes after. Thus each pair of four connects.
async fn meets_three(person: &Actor, door: &str, device: &str) -> CallSocket {
    let mut line = person.join_call(door, device).await;
    let (own, _) = line.seated().await;
    let (mut offered, mut received) = (BTreeSet::new(), 0);
    while offered.len() + received < 3 {
        match line.next().await {
            Some(ServerMessage::People { people }) => {
                for (id, number) in people.iter().filter_map(|one| {
                    Some((one.id, one.connection.filter(|number| *number < own)?))
                }) {
                    if offered.insert(id) {
                        line.offer(id, number, "an offer").await;
                    }
                }
            }
            Some(ServerMessage::Signal { .. }) => received += 1,
            Some(_) => {}
            None => panic!("closed after {:#?}", line.received),
        }
    }
    line
}

#[tokio::test]
async fn participants_joining_concurrently_receive_every_offer() {
    let meeting = Meeting::starting_soon().await;
    let [second, third] = meeting.with_two_more_teachers().await;
    let (second, third) =
        (meeting.school.as_teacher(&second).await, meeting.school.as_teacher(&third).await);
    let people = [meeting.abell().await, meeting.rachel().await, second, third];
    for round in 0..12 {
        let device = format!("round {round}");
        let mut lines =
            join_all(people.iter().map(|person| meets_three(person, &meeting.door, &device))).await;
        for line in &mut lines {
            line.send_message(ClientMessage::Leave).await;
            line.evicted().await;
        }
    }
}
