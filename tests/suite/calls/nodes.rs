//! Tests of two nodes on one database: they share the capacity, a write on one evicts participants
//! on the other, and signals pass if there is a bus.

use std::collections::BTreeSet;

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use parlour::{
    schema::call_seats,
    store::sql_types::{Key, key},
};
use parlour_wire::{ClientMessage, Join, PresenceState};

use super::{ABELL, JORDAN, Meeting, RACHEL};
use crate::harness::{Shared, join_message};

#[tokio::test]
async fn eviction_reaches_other_nodes() {
    let meeting = Meeting::starting_soon().await;
    let node = meeting.school.second_node(Shared::Nothing).await;
    let (rachel, jordan) = (meeting.rachel().await, meeting.jordan().await);
    let mut guest = jordan.on_node(&node).join_call(&meeting.guest_door, "sofa").await;
    guest.seated().await;
    let mut parent = rachel.join_call(&meeting.door, "phone").await;
    parent.sees(JORDAN, PresenceState::InCall).await;
    guest.sees(RACHEL, PresenceState::InCall).await;
    // A takeover on the other node.
    let mut tablet = rachel.on_node(&node).call_socket(&meeting.door).await;
    tablet
        .send_message(ClientMessage::Join(Join { move_here: true, ..join_message("tablet") }))
        .await;
    tablet.seated().await;
    assert_eq!(parent.evicted().await.0, "taken_over");
    rachel.delete(&meeting.invite()).await.is(204);
    assert_eq!(guest.evicted().await.0, "invite_removed");
    meeting.school.mail_to("jordan.aaron@example.org").await;
}

#[tokio::test]
async fn signals_and_media_pass_between_nodes_of_one_bus() {
    let meeting = Meeting::starting_soon().await;
    let node = meeting.school.second_node(Shared::Bus).await;
    let mut abell = meeting.abell().await.join_call(&meeting.door, "desk").await;
    abell.seated().await;
    abell.turn_camera_on().await;
    let mut rachel = meeting.rachel().await.on_node(&node).join_call(&meeting.door, "phone").await;
    rachel.seated().await;
    // Media states from before she joined are sent to her as well.
    let teacher = rachel
        .people(|people| people.iter().any(|one| one.name == ABELL && one.media.video))
        .await
        .remove(0);
    rachel.offer(teacher.id, teacher.connection.unwrap(), "from afar").await;
    let (from, connection, data) = abell.signal().await;
    assert_eq!(data, "from afar");
    abell.offer(from, connection, "back").await;
    assert_eq!(rachel.signal().await.2, "back");
}

#[tokio::test]
async fn concurrent_entries_on_two_nodes_fill_four_seats() {
    let meeting = Meeting::starting_soon().await;
    let node = meeting.school.second_node(Shared::Nothing).await;
    let [second, third] = meeting.with_two_more_teachers().await;
    let people = [
        (meeting.abell().await, &meeting.door),
        (meeting.school.as_teacher(&second).await, &meeting.door),
        (meeting.school.as_teacher(&third).await, &meeting.door),
        (meeting.rachel().await, &meeting.door),
        (meeting.jordan().await, &meeting.guest_door),
    ];
    // Each of the five joins with two tabs on each node.
    let coming = people
        .iter()
        .flat_map(|(actor, door)| {
            [actor.clone(), actor.on_node(&node)].map(|at| (at, door.as_str()))
        })
        .flat_map(|one| [one.clone(), one]);
    let lines = coming.enumerate().map(|(number, (actor, door))| async move {
        let mut line = actor.call_socket(door).await;
        line.send_message(ClientMessage::Join(Join {
            move_here: true,
            ..join_message(&format!("tab-{number}"))
        }))
        .await;
        line.next().await;
        line
    });
    let lines = futures_util::future::join_all(lines).await;
    let booking = key(meeting.booking);
    let seats: Vec<(i32, Key)> = meeting
        .school
        .read(move |db| {
            let seats = call_seats::table.filter(call_seats::booking_id.eq(booking));
            Ok(seats.select((call_seats::number, call_seats::participant_id)).load(db)?)
        })
        .await;
    assert_eq!(seats.len(), 4, "{seats:?}");
    assert_eq!(seats.iter().map(|(_, who)| *who).collect::<BTreeSet<_>>().len(), 4, "{seats:?}");
    drop(lines);
    meeting.school.ignore_mail("a guest's link that changes hands so quickly may ask for a code");
}
