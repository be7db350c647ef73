//! Tests of liveness: a `ping` is answered at any time, and a silent participant is soon shown as
//! reconnecting.

use parlour_wire::{ClientMessage, Media, PresenceState, ServerMessage};

use super::{ABELL, Meeting, RACHEL};
use crate::harness::{CallSocket, School, join_message};

/// Waits for the `pong` with this id.
async fn answers(line: &mut CallSocket, id: u32) {
    line.send_message(ClientMessage::Ping { id }).await;
    line.receive_until(|message| {
        matches!(message, ServerMessage::Pong { id: own } if *own == id).then_some(())
    })
    .await;
}

#[tokio::test]
async fn ping_is_answered_before_and_after_join() {
    let meeting = Meeting::starting_soon().await;
    let mut rachel = meeting.rachel().await.call_socket(&meeting.door).await;
    answers(&mut rachel, 1).await;
    rachel.join("phone").await;
    rachel.seated().await;
    answers(&mut rachel, 2).await;
    let mut jordan = meeting.jordan().await.call_socket(&meeting.guest_door).await;
    answers(&mut jordan, u32::MAX).await;
}

#[tokio::test]
async fn unanswered_ping_sets_state_reconnecting() {
    let meeting = Meeting::starting_soon().await;
    let mut rachel = meeting.rachel().await.join_call(&meeting.door, "phone").await;
    rachel.seated().await;
    let mut abell = meeting.abell().await.join_call(&meeting.door, "desk").await;
    abell.sees(RACHEL, PresenceState::InCall).await;
    // Rachel's connection is dead: she reads nothing and so answers nothing. The server notices it
    // while Abell waits for the next message.
    abell.sees(RACHEL, PresenceState::Reconnecting).await;
    // The same tab reconnects by a new socket and keeps its seat.
    let mut again = meeting.rachel().await.join_call(&meeting.door, "phone").await;
    assert!(again.seated().await.1, "the seat was kept");
    abell.sees(RACHEL, PresenceState::InCall).await;
    again.sees(ABELL, PresenceState::InCall).await;
    drop(rachel);
}

#[tokio::test]
async fn deaf_participant_is_shown_to_others() {
    let meeting = Meeting::starting_soon().await;
    let mut rachel = meeting.rachel().await.join_call(&meeting.door, "phone").await;
    rachel.seated().await;
    let mut abell = meeting.abell().await.join_call(&meeting.door, "desk").await;
    abell.seated().await;
    rachel.send_message(ClientMessage::Media(Media { deaf: true, ..Media::default() })).await;
    abell.people(|people| people.iter().any(|one| one.name == RACHEL && one.media.deaf)).await;
    // An older page does not send the field `deaf`.
    rachel.send_text(r#"{"type":"media","audio":true,"video":false,"screen":false}"#).await;
    abell
        .people(|people| {
            people.iter().any(|one| one.name == RACHEL && one.media.audio && !one.media.deaf)
        })
        .await;
}

#[tokio::test]
async fn network_check_socket_is_always_available() {
    // The check socket needs no call: the first one is days away.
    let school = School::start().await;
    let own = school.origin.clone();
    for actor in
        [school.parent().await, school.teacher().await, school.staff().await, school.guest().await]
    {
        let mut line = actor
            .try_call_socket("/check_socket", Some(&own))
            .await
            .unwrap_or_else(|refusal| panic!("{refusal:?}"));
        answers(&mut line, 1).await;
        line.send_message(ClientMessage::Join(join_message("phone"))).await;
        line.problem("bad_message").await;
        line.send_text("not JSON").await;
        line.problem("bad_message").await;
        for id in 0..40 {
            line.send_message(ClientMessage::Ping { id }).await;
        }
        assert_eq!(line.closed().await, Some(1008), "the check socket is for a short check only");
    }
    let parent = school.parent().await;
    let refusal = async |actor: &crate::harness::Actor, origin| {
        actor.try_call_socket("/check_socket", origin).await.err()
    };
    let of = |status, code: &str| Some((status, code.to_owned()));
    assert_eq!(refusal(&school.nobody(), Some(own.as_str())).await, of(401, "not_logged_in"));
    assert_eq!(refusal(&parent, Some("https://evil.example.org")).await, of(403, "bad_origin"));
    assert_eq!(refusal(&parent, None).await, of(403, "bad_origin"));
    parent.get("/check_socket").await.refuses(426, "upgrade_required");
    let guest = school.guest().await;
    school
        .parent()
        .await
        .delete(&format!("/invites/{}", school.people.invite.expect("an invite").0))
        .await
        .is(204);
    assert_eq!(refusal(&guest, Some(own.as_str())).await, of(410, "invite_removed"));
    school.ignore_mail("this test is about the socket");
}
