//! Who sits, who waits, what the others see.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use futures_util::future::join_all;
use parlour_wire::{ClientMessage, PresenceState, ServerMessage};
use serde_json::json;

use super::{ABELL, JORDAN, Meeting, RACHEL};
use crate::harness::{Actor, Line};

#[tokio::test]
async fn two_people_meet_and_their_signals_pass() {
    let meeting = Meeting::soon().await;
    let mut abell = meeting.abell().await.join_call(&meeting.door, "desk").await;
    assert_eq!(abell.seated().await, (1, false));
    abell.sees(RACHEL, PresenceState::Missing).await;
    let mut rachel = meeting.rachel().await.join_call(&meeting.door, "phone").await;
    assert_eq!(rachel.seated().await, (2, false));
    let [ServerMessage::Welcome { .. }, ServerMessage::Times { .. }, ServerMessage::Seated { .. }] =
        rachel.heard.as_slice()
    else {
        panic!("{:?}", rachel.heard);
    };
    let there = rachel.sees(ABELL, PresenceState::InCall).await;
    assert_eq!(there.connection, Some(1));
    let here = abell.sees(RACHEL, PresenceState::InCall).await;
    assert_eq!(here.connection, Some(2));

    rachel.offer(there.id, 1, "an offer").await;
    assert_eq!(abell.signal().await, (here.id, 2, "an offer".to_owned()));
    abell.offer(here.id, 2, "another").await;
    assert_eq!(rachel.signal().await, (there.id, 1, "another".to_owned()));

    abell.film().await;
    rachel
        .people(|people| {
            people.iter().any(|one| one.name == ABELL && one.media.video && one.media.audio)
        })
        .await;
    rachel.say(ClientMessage::Leave).await;
    assert_eq!(rachel.out().await.0, "left");
    abell.sees(RACHEL, PresenceState::Missing).await;
}

#[tokio::test]
async fn the_door_tells_and_takes_no_seat() {
    let meeting = Meeting::soon().await;
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
    // A guest's cookie is no person's, nor the other way round.
    jordan.get(&meeting.door).await.refuses(401, "not_logged_in");
    rachel.get(&meeting.guest_door).await.refuses(401, "not_logged_in");

    let mut line = rachel.join_call(&meeting.door, "phone").await;
    line.seated().await;
    assert_eq!(rachel.get(&meeting.door).await.is(200).body["elsewhere"], json!(true));
}

#[tokio::test]
async fn three_teachers_a_parent_and_a_guest_share_four_seats() {
    let meeting = Meeting::soon().await;
    let [second, third] = meeting.with_two_more_teachers().await;
    let mut abell = meeting.abell().await.join_call(&meeting.door, "one").await;
    abell.seated().await;
    let mut second = meeting.school.as_teacher(&second).await.join_call(&meeting.door, "two").await;
    second.seated().await;
    let mut third = meeting.school.as_teacher(&third).await.join_call(&meeting.door, "three").await;
    third.seated().await;
    let mut jordan = meeting.jordan().await.join_call(&meeting.guest_door, "four").await;
    jordan.seated().await;
    // The parent finds it full, sees that, and can't reach anybody yet.
    let mut rachel = meeting.rachel().await.join_call(&meeting.door, "five").await;
    assert_eq!(rachel.waiting().await, 1);
    let teacher = rachel.sees(ABELL, PresenceState::InCall).await;
    let waiting = abell.sees(RACHEL, PresenceState::Waiting).await;
    assert_eq!((waiting.place, waiting.connection), (Some(1), None));
    rachel.offer(teacher.id, 1, "from the queue").await;
    rachel.settle().await;

    second.say(ClientMessage::Leave).await;
    second.out().await;
    let (connection, resumed) = rachel.seated().await;
    assert_eq!((connection, resumed), (5, false));
    abell.sees(RACHEL, PresenceState::InCall).await;
    rachel.offer(teacher.id, 1, "from the seat").await;
    assert_eq!(abell.signal().await.2, "from the seat");
}

#[tokio::test]
async fn who_vanishes_is_seen_and_has_thirty_seconds() {
    let meeting = Meeting::soon().await;
    let mut abell = meeting.abell().await.join_call(&meeting.door, "desk").await;
    abell.seated().await;
    let rachel = meeting.rachel().await;
    let mut phone = rachel.join_call(&meeting.door, "phone").await;
    let (number, _) = phone.seated().await;
    drop(phone);
    abell.sees(RACHEL, PresenceState::Reconnecting).await;
    // The same device takes its seat again, without a question, as the same connection.
    meeting.pass(20);
    meeting.renewed(1).await;
    let mut phone = rachel.join_call(&meeting.door, "phone").await;
    assert_eq!(phone.seated().await, (number, true));
    abell.sees(RACHEL, PresenceState::InCall).await;
    drop(phone);
    abell.sees(RACHEL, PresenceState::Reconnecting).await;
    // Who is there keeps the seat, however the time goes; who is not there loses it.
    for _ in 0..2 {
        meeting.pass(16);
        meeting.renewed(1).await;
    }
    abell.sees(RACHEL, PresenceState::Missing).await;
    abell.settle().await;
    let mut phone = rachel.join_call(&meeting.door, "phone").await;
    let (next, resumed) = phone.seated().await;
    assert!(next > number && !resumed);
}

#[tokio::test]
async fn a_teacher_adds_a_minute_when_all_are_free() {
    let meeting = Meeting::soon().await;
    let mut abell = meeting.abell().await.join_call(&meeting.door, "desk").await;
    let mut rachel = meeting.rachel().await.join_call(&meeting.door, "phone").await;
    rachel.seated().await;
    // Rachel's next appointment begins right after this one.
    abell.say(ClientMessage::Extend).await;
    abell.problem("cannot_extend").await;
    rachel.say(ClientMessage::Extend).await;
    rachel.problem("cannot_extend").await;
    // Without anybody's next appointment there is time.
    meeting
        .school
        .execute("delete from claims where booking_id not in (select booking_id from calls)")
        .await;
    abell.say(ClientMessage::Extend).await;
    let longer = super::starts_at() + TimeDelta::minutes(6);
    for line in [&mut abell, &mut rachel] {
        line.until(|message| {
            matches!(message, ServerMessage::Times { ends_at, .. } if *ends_at == longer)
                .then_some(())
        })
        .await;
    }
}

/// Joins, offers to everybody who came before, and hears the offer of everybody who comes after: so
/// each pair of four connects.
async fn meets_three(person: &Actor, door: &str, device: &str) -> Line {
    let mut line = person.join_call(door, device).await;
    let (own, _) = line.seated().await;
    let (mut offered, mut heard) = (BTreeSet::new(), 0);
    while offered.len() + heard < 3 {
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
            Some(ServerMessage::Signal { .. }) => heard += 1,
            Some(_) => {}
            None => panic!("closed after {:#?}", line.heard),
        }
    }
    line
}

#[tokio::test]
async fn who_comes_at_the_same_moment_gets_every_offer() {
    let meeting = Meeting::soon().await;
    let [second, third] = meeting.with_two_more_teachers().await;
    let (second, third) =
        (meeting.school.as_teacher(&second).await, meeting.school.as_teacher(&third).await);
    let people = [meeting.abell().await, meeting.rachel().await, second, third];
    for round in 0..12 {
        let device = format!("round {round}");
        let mut lines =
            join_all(people.iter().map(|person| meets_three(person, &meeting.door, &device))).await;
        for line in &mut lines {
            line.say(ClientMessage::Leave).await;
            line.out().await;
        }
    }
}
