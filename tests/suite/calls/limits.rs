//! What a WebSocket may not do, and that it touches nobody else when it does; who gets none.

use parlour::calls::bus::{Addressed, Node, Note};
use parlour_domain::id::{BookingId, ParticipantId};
use parlour_wire::{
    CALL_VERSION, ClientMessage, Join, PresenceState, ServerMessage, Signal, SignalKind,
};
use tokio_tungstenite::tungstenite::Message;

use super::{ABELL, Meeting, RACHEL};
use crate::harness::wish;

#[tokio::test]
async fn what_is_no_message_is_refused_and_the_call_goes_on() {
    let meeting = Meeting::soon().await;
    let mut abell = meeting.abell().await.join_call(&meeting.door, "desk").await;
    abell.seated().await;
    let mut rachel = meeting.rachel().await.line(&meeting.door).await;
    for text in [
        "",
        "null",
        "{}",
        r#"{"type":"shout"}"#,
        r#"{"type":"media"}"#,
        "not JSON",
        r#"{"type":"join","version":"one"}"#,
    ] {
        rachel.say_text(text).await;
        rachel.problem("bad_message").await;
    }
    rachel.say(ClientMessage::Extend).await;
    rachel.problem("not_joined").await;
    rachel.say(ClientMessage::Join(Join { device: "short".into(), ..wish("phone") })).await;
    rachel.problem("bad_message").await;
    rachel.join("phone").await;
    rachel.seated().await;
    let teacher = rachel.sees(ABELL, PresenceState::InCall).await;
    rachel.join("phone").await;
    rachel.problem("already_joined").await;
    // Signals to nobody, to oneself, to a wrong number: dropped.
    let me =
        rachel
            .heard
            .iter()
            .find_map(|message| {
                if let ServerMessage::Welcome { you, .. } = message { Some(*you) } else { None }
            })
            .unwrap();
    rachel.offer(uuid::Uuid::nil(), 1, "nobody").await;
    rachel.offer(teacher.id, 7, "no such connection").await;
    rachel.offer(me, 1, "not my number").await;
    rachel.offer(teacher.id, 1, "right").await;
    assert_eq!(abell.signal().await.2, "right");
    // An older page is told to load itself anew.
    let mut old = meeting.rachel().await.line(&meeting.door).await;
    old.say(ClientMessage::Join(Join { version: CALL_VERSION + 1, ..wish("old") })).await;
    assert_eq!(old.out().await.0, "version_unknown");
}

#[tokio::test]
async fn who_breaks_a_limit_is_closed_and_nobody_else() {
    let meeting = Meeting::soon().await;
    let mut abell = meeting.abell().await.join_call(&meeting.door, "desk").await;
    abell.seated().await;
    let rachel = meeting.rachel().await;
    let mut line = rachel.join_call(&meeting.door, "phone").await;
    line.seated().await;
    line.say_text(&"x".repeat(32 * 1024 + 1)).await;
    assert_eq!(line.closed().await, Some(1009));
    abell.sees(RACHEL, PresenceState::Reconnecting).await;

    let mut line = rachel.join_call(&meeting.door, "phone").await;
    line.seated().await;
    line.send(Message::binary(b"x".to_vec())).await;
    assert_eq!(line.closed().await, Some(1003));

    let mut line = rachel.join_call(&meeting.door, "phone").await;
    line.seated().await;
    for _ in 0..400 {
        line.say(ClientMessage::Heartbeat).await;
    }
    assert_eq!(line.closed().await, Some(1008));

    // The largest one that is allowed passes.
    let mut line = rachel.join_call(&meeting.door, "phone").await;
    line.seated().await;
    let teacher = line.sees(ABELL, PresenceState::InCall).await;
    let long = "x".repeat(31 * 1024);
    line.offer(teacher.id, 1, &long).await;
    assert_eq!(abell.signal().await.2, long);
}

#[tokio::test]
async fn a_socket_may_send_so_many_bytes() {
    let meeting = Meeting::soon().await;
    let mut line = meeting.rachel().await.join_call(&meeting.door, "phone").await;
    line.seated().await;
    // Half a mebibyte at once is 17 of the largest messages; far fewer than messages may be sent.
    for _ in 0..40 {
        line.offer(uuid::Uuid::nil(), 1, &"x".repeat(31 * 1024)).await;
    }
    assert_eq!(line.closed().await, Some(1008));
}

#[tokio::test]
async fn a_session_has_four_sockets() {
    let meeting = Meeting::soon().await;
    let rachel = meeting.rachel().await;
    let mut inside = rachel.join_call(&meeting.door, "phone").await;
    inside.seated().await;
    let mut oldest = rachel.line(&meeting.door).await;
    let (mut third, mut fourth) =
        (rachel.line(&meeting.door).await, rachel.line(&meeting.door).await);
    let mut fifth = rachel.line(&meeting.door).await;
    assert_eq!(oldest.closed().await, Some(1008), "the oldest that is in no call");
    for line in [&mut inside, &mut third, &mut fourth, &mut fifth] {
        line.settle().await;
    }
    // Another person's sockets are their own.
    let mut abell = meeting.abell().await.join_call(&meeting.door, "desk").await;
    abell.seated().await;
}

#[tokio::test]
async fn the_check_of_a_network_counts_among_the_sockets() {
    let meeting = Meeting::soon().await;
    for (actor, door) in
        [(meeting.rachel().await, &meeting.door), (meeting.jordan().await, &meeting.guest_door)]
    {
        let own = meeting.school.origin.clone();
        let open_check = async || {
            actor
                .open_call("/check_socket", Some(&own))
                .await
                .unwrap_or_else(|refusal| panic!("{refusal:?}"))
        };
        let mut inside = actor.join_call(door, "phone").await;
        inside.seated().await;
        let mut oldest = open_check().await;
        let (_second, _third, _fourth) =
            (open_check().await, open_check().await, open_check().await);
        assert_eq!(oldest.closed().await, Some(1008), "the oldest that is in no call");
        inside.settle().await;
    }
}

#[tokio::test]
async fn whose_queue_overflows_is_closed_and_not_forgotten() {
    let meeting = Meeting::soon().await;
    let abell = meeting.abell().await;
    let mut teacher = abell.join_call(&meeting.door, "desk").await;
    let (teacher_connection, _) = teacher.seated().await;
    let mut parent = meeting.rachel().await.join_call(&meeting.door, "phone").await;
    let (parent_connection, _) = parent.seated().await;
    let to = parent.sees(ABELL, PresenceState::InCall).await.id;
    let from = teacher.sees(RACHEL, PresenceState::InCall).await.id;
    let signal = Addressed {
        booking: BookingId(meeting.booking),
        from: ParticipantId(from),
        from_connection: parent_connection,
        to: ParticipantId(to),
        to_connection: teacher_connection,
        signal: Signal {
            attempt: 1,
            kind: SignalKind::Candidate,
            data: "x".repeat(1_000),
            sdp_mid: None,
            sdp_m_line_index: None,
        },
    };
    // As from another node: more than any queue holds, before it can be emptied.
    let flood = async {
        for n in 1..10_000_000 {
            meeting.school.app.calls.hear(Note::Signal(signal.clone()));
            if n % 2_000 == 0 {
                tokio::task::yield_now().await;
            }
        }
    };
    let code = tokio::select! {
        code = teacher.closed() => code,
        () = flood => None,
    };
    assert_eq!(code, Some(1013), "come again");
    parent.sees(ABELL, PresenceState::Reconnecting).await;
    let mut again = abell.join_call(&meeting.door, "desk").await;
    assert!(again.seated().await.1, "the seat is still theirs");
}

#[tokio::test]
async fn strangers_and_other_sites_get_no_socket() {
    let meeting = Meeting::soon().await;
    let (socket, guest_socket) =
        (format!("{}/socket", meeting.door), format!("{}/socket", meeting.guest_door));
    let (rachel, jordan, stranger) =
        (meeting.rachel().await, meeting.jordan().await, meeting.school.stranger().await);
    let own = rachel.origin().to_owned();
    let refusal = async |actor: &crate::harness::Actor, path: &str, origin: Option<&str>| {
        actor.open_call(path, origin).await.err().unwrap()
    };
    let of = |status, code: &str| (status, code.to_owned());
    assert_eq!(refusal(&rachel, &socket, None).await, of(403, "bad_origin"));
    assert_eq!(
        refusal(&rachel, &socket, Some("https://evil.example.org")).await,
        of(403, "bad_origin")
    );
    assert_eq!(refusal(&jordan, &guest_socket, Some("null")).await, of(403, "bad_origin"));
    assert_eq!(
        refusal(&meeting.school.nobody(), &socket, Some(&own)).await,
        of(401, "not_logged_in")
    );
    assert_eq!(refusal(&stranger, &socket, Some(&own)).await, of(404, "not_found"));
    assert_eq!(refusal(&jordan, &socket, Some(&own)).await, of(401, "not_logged_in"));
    assert_eq!(
        refusal(&meeting.school.staff().await, &socket, Some(&own)).await,
        of(403, "wrong_role")
    );
    let other = format!("/guest/appointments/{}/call/socket", sibling(&meeting, &rachel).await);
    assert_eq!(refusal(&jordan, &other, Some(&own)).await, of(404, "not_found"));
    rachel.get(&socket).await.refuses(426, "upgrade_required");
    assert_eq!(stranger.get(&meeting.door).await.is(404).code(), "not_found");
}

/// An appointment of the same parent for a student whom the invite does not cover.
async fn sibling(meeting: &Meeting, rachel: &crate::harness::Actor) -> String {
    let bookings = rachel.get(&meeting.school.evening("/bookings")).await.is(200);
    let rows = bookings.list("/rows");
    rows.iter().find(|row| row["student"]["name"] == "Liz Aaron").unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned()
}
