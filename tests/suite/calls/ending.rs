//! Tests of eviction: removed invites, cancelled and moved bookings, ended access and sessions, and
//! the end of a call (I7 and I13).

use chrono::TimeDelta;
use parlour_wire::PresenceState;
use serde_json::json;

use super::{JORDAN, Meeting, RACHEL, starts_at};
use crate::harness::School;

const ACCESS_ENDED: &str = "Your access to this appointment has ended. Please contact the school.";

#[tokio::test]
async fn removed_invite_evicts_the_guest_with_reason() {
    let meeting = Meeting::starting_soon().await;
    let (rachel, jordan) = (meeting.rachel().await, meeting.jordan().await);
    let mut parent = rachel.join_call(&meeting.door, "phone").await;
    let mut guest = jordan.join_call(&meeting.guest_door, "sofa").await;
    guest.seated().await;
    parent.sees(JORDAN, PresenceState::InCall).await;
    rachel.delete(&meeting.invite()).await.is(204);
    let (code, detail) = guest.evicted().await;
    assert_eq!(code, "invite_removed");
    assert!(detail.contains("removed"), "{detail}");
    parent.people(|people| people.iter().all(|one| one.name != JORDAN)).await;
    jordan.get(&meeting.guest_door).await.refuses(410, "invite_removed");
    let refusal = jordan
        .try_call_socket(&format!("{}/socket", meeting.guest_door), Some(jordan.origin()))
        .await
        .err();
    assert_eq!(refusal, Some((410, "invite_removed".to_owned())));
    meeting.school.mail_to("jordan.aaron@example.org").await;
}

#[tokio::test]
async fn barring_a_parent_evicts_parent_and_guest_with_neutral_text() {
    let meeting = Meeting::starting_soon().await;
    let (rachel, jordan, office) =
        (meeting.rachel().await, meeting.jordan().await, meeting.school.staff().await);
    let mut abell = meeting.abell().await.join_call(&meeting.door, "desk").await;
    let mut parent = rachel.join_call(&meeting.door, "phone").await;
    let mut guest = jordan.join_call(&meeting.guest_door, "sofa").await;
    parent.seated().await;
    guest.seated().await;
    let seen = rachel.get(&meeting.door).await.is(200);
    let bar = json!({
        "student_id": seen.text_at("/student/id"),
        "person_id": meeting.school.people.parent.0,
        "note": "court",
    });
    office.post("/bars", bar).await.is(201);
    for line in [&mut parent, &mut guest] {
        assert_eq!(line.evicted().await, ("access_ended".to_owned(), ACCESS_ENDED.to_owned()));
    }
    assert_eq!(abell.evicted().await.0, "booking_cancelled");
    meeting.school.ignore_mail("access.rs tests the mails about a bar");
}

#[tokio::test]
async fn a_cancelled_booking_ends_its_call() {
    let meeting = Meeting::starting_soon().await;
    let office = meeting.school.staff().await;
    let mut abell = meeting.abell().await.join_call(&meeting.door, "desk").await;
    let mut guest = meeting.jordan().await.join_call(&meeting.guest_door, "sofa").await;
    abell.seated().await;
    guest.seated().await;
    office.delete(&format!("/bookings/{}", meeting.booking)).await.is(204);
    assert_eq!(abell.evicted().await.0, "booking_cancelled");
    assert_eq!(guest.evicted().await.0, "booking_cancelled");
    meeting.abell().await.get(&meeting.door).await.refuses(409, "booking_cancelled");
    meeting.school.ignore_mail("bookings.rs tests the mail about a cancellation");
}

#[tokio::test]
async fn a_moved_booking_ends_its_call() {
    let meeting = Meeting::starting_soon().await;
    let office = meeting.school.staff().await;
    let mut parent = meeting.rachel().await.join_call(&meeting.door, "phone").await;
    parent.seated().await;
    let free = crate::harness::bookable_classes(&meeting.school, &meeting.rachel().await).await;
    let mut moved = false;
    for late in free[0].times.iter().rev() {
        moved = moved
            || office
                .patch(&format!("/bookings/{}", meeting.booking), json!({ "starts_at": late }))
                .await
                .status
                == 200;
    }
    assert!(moved, "some time is free");
    assert_eq!(parent.evicted().await.0, "booking_moved");
    meeting.school.ignore_mail("bookings.rs tests the mail about a change");
}

#[tokio::test]
async fn logging_out_leaves_the_call() {
    let meeting = Meeting::starting_soon().await;
    let (rachel, jordan) = (meeting.rachel().await, meeting.jordan().await);
    let mut parent = rachel.join_call(&meeting.door, "phone").await;
    let mut guest = jordan.join_call(&meeting.guest_door, "sofa").await;
    parent.seated().await;
    guest.seated().await;
    jordan.delete("/guest_sessions").await.is(204);
    assert_eq!(guest.evicted().await.0, "logged_out");
    parent.sees(JORDAN, PresenceState::Missing).await;
    rachel.delete("/sessions/current").await.is(204);
    assert_eq!(parent.evicted().await.0, "logged_out");
}

#[tokio::test]
async fn call_cannot_be_entered_before_opening_or_after_end() {
    let meeting = Meeting::at(School::start().await, starts_at() - TimeDelta::seconds(601)).await;
    let rachel = meeting.rachel().await;
    assert_eq!(rachel.get(&meeting.door).await.is(200).text_at("/state"), "early");
    let socket = format!("{}/socket", meeting.door);
    let refused = async || rachel.try_call_socket(&socket, Some(rachel.origin())).await.err();
    assert_eq!(refused().await, Some((409, "call_early".to_owned())));
    meeting.advance_clock(1);
    let mut line = rachel.join_call(&meeting.door, "phone").await;
    line.seated().await;
    // A socket that was opened before the end and joins after it is told that the call is over.
    let mut late = rachel.call_socket(&meeting.door).await;
    meeting.school.clock.set(starts_at() + TimeDelta::minutes(5));
    assert_eq!(line.evicted().await.0, "call_over");
    late.join("tablet").await;
    assert_eq!(late.evicted().await.0, "call_over");
    assert_eq!(refused().await, Some((409, "call_over".to_owned())));
    assert_eq!(rachel.get(&meeting.door).await.is(200).text_at("/state"), "over");
}

#[tokio::test]
async fn server_shutdown_closes_sockets_as_going_away() {
    let meeting = Meeting::starting_soon().await;
    let mut abell = meeting.abell().await.join_call(&meeting.door, "desk").await;
    abell.seated().await;
    let mut waiting = meeting.rachel().await.call_socket(&meeting.door).await;
    meeting.school.app.calls.close();
    assert_eq!(abell.closed().await, Some(1001));
    assert_eq!(waiting.closed().await, Some(1001));
    // A participant who comes to another node within the lease keeps their seat.
    let node = meeting.school.second_node(crate::harness::Shared::Nothing).await;
    let mut again = meeting.abell().await.on_node(&node).join_call(&meeting.door, "desk").await;
    assert_eq!(again.seated().await, (1, true));
    again.sees(RACHEL, PresenceState::Missing).await;
}
