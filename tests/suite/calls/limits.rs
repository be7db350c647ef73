//! Tests of the limits of a WebSocket, which affect no other connection, and of people who get
//! none.

use parlour::calls::bus::{AddressedSignal, BusMessage, Node};
use parlour_domain::id::{BookingId, ParticipantId};
use parlour_wire::{
    CALL_VERSION, ClientMessage, Join, PresenceState, ServerMessage, Signal, SignalKind,
};
use tokio_tungstenite::tungstenite::Message;

use super::{ABELL, Meeting, RACHEL};
use crate::harness::join_message;

#[tokio::test]
async fn invalid_messages_are_refused_and_the_call_continues() {
    let meeting = Meeting::starting_soon().await;
    let mut abell = meeting.abell().await.join_call(&meeting.door, "desk").await;
    abell.seated().await;
    let mut rachel = meeting.rachel().await.call_socket(&meeting.door).await;
    for text in [
        "",
        "null",
        "{}",
        r#"{"type":"shout"}"#,
        r#"{"type":"media"}"#,
        "not JSON",
        r#"{"type":"join","version":"one"}"#,
    ] {
        rachel.send_text(text).await;
        rachel.problem("bad_message").await;
    }
    rachel.send_message(ClientMessage::Extend).await;
    rachel.problem("not_joined").await;
    rachel
        .send_message(ClientMessage::Join(Join { device: "short".into(), ..join_message("phone") }))
        .await;
    rachel.problem("bad_message").await;
    rachel.join("phone").await;
    rachel.seated().await;
    let teacher = rachel.sees(ABELL, PresenceState::InCall).await;
    rachel.join("phone").await;
    rachel.problem("already_joined").await;
    // Signals to nobody, to the sender and to a wrong connection number are dropped.
    let me =
        rachel
            .received
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
    // A page with another protocol version is evicted with `version_unknown`.
    let mut old = meeting.rachel().await.call_socket(&meeting.door).await;
    old.send_message(ClientMessage::Join(Join {
        version: CALL_VERSION + 1,
        ..join_message("old")
    }))
    .await;
    assert_eq!(old.evicted().await.0, "version_unknown");
}

#[tokio::test]
async fn exceeding_a_limit_closes_only_that_socket() {
    let meeting = Meeting::starting_soon().await;
    let mut abell = meeting.abell().await.join_call(&meeting.door, "desk").await;
    abell.seated().await;
    let rachel = meeting.rachel().await;
    let mut line = rachel.join_call(&meeting.door, "phone").await;
    line.seated().await;
    line.send_text(&"x".repeat(32 * 1024 + 1)).await;
    assert_eq!(line.closed().await, Some(1009));
    abell.sees(RACHEL, PresenceState::Reconnecting).await;

    let mut line = rachel.join_call(&meeting.door, "phone").await;
    line.seated().await;
    line.send(Message::binary(b"x".to_vec())).await;
    assert_eq!(line.closed().await, Some(1003));

    let mut line = rachel.join_call(&meeting.door, "phone").await;
    line.seated().await;
    for _ in 0..400 {
        line.send_message(ClientMessage::Heartbeat).await;
    }
    assert_eq!(line.closed().await, Some(1008));

    // The largest allowed message passes.
    let mut line = rachel.join_call(&meeting.door, "phone").await;
    line.seated().await;
    let teacher = line.sees(ABELL, PresenceState::InCall).await;
    let long = "x".repeat(31 * 1024);
    line.offer(teacher.id, 1, &long).await;
    assert_eq!(abell.signal().await.2, long);
}

#[tokio::test]
async fn socket_bytes_are_rate_limited() {
    let meeting = Meeting::starting_soon().await;
    let mut line = meeting.rachel().await.join_call(&meeting.door, "phone").await;
    line.seated().await;
    // Half a mebibyte at once is 17 of the largest messages, far fewer than the limit on the number
    // of messages.
    for _ in 0..40 {
        line.offer(uuid::Uuid::nil(), 1, &"x".repeat(31 * 1024)).await;
    }
    assert_eq!(line.closed().await, Some(1008));
}

#[tokio::test]
async fn session_is_limited_to_four_sockets() {
    let meeting = Meeting::starting_soon().await;
    let rachel = meeting.rachel().await;
    let mut inside = rachel.join_call(&meeting.door, "phone").await;
    inside.seated().await;
    let mut oldest = rachel.call_socket(&meeting.door).await;
    let (mut third, mut fourth) =
        (rachel.call_socket(&meeting.door).await, rachel.call_socket(&meeting.door).await);
    let mut fifth = rachel.call_socket(&meeting.door).await;
    assert_eq!(oldest.closed().await, Some(1008), "the oldest socket that has not joined");
    for line in [&mut inside, &mut third, &mut fourth, &mut fifth] {
        line.sync().await;
    }
    // The limit counts each person's sockets separately.
    let mut abell = meeting.abell().await.join_call(&meeting.door, "desk").await;
    abell.seated().await;
}

#[tokio::test]
async fn network_check_socket_counts_towards_the_limit() {
    let meeting = Meeting::starting_soon().await;
    for (actor, door) in
        [(meeting.rachel().await, &meeting.door), (meeting.jordan().await, &meeting.guest_door)]
    {
        let own = meeting.school.origin.clone();
        let open_check = async || {
            actor
                .try_call_socket("/check_socket", Some(&own))
                .await
                .unwrap_or_else(|refusal| panic!("{refusal:?}"))
        };
        let mut inside = actor.join_call(door, "phone").await;
        inside.seated().await;
        let mut oldest = open_check().await;
        let (_second, _third, _fourth) =
            (open_check().await, open_check().await, open_check().await);
        assert_eq!(oldest.closed().await, Some(1008), "the oldest socket that has not joined");
        inside.sync().await;
    }
}

#[tokio::test]
async fn overflowing_socket_is_closed_and_seat_is_kept() {
    let meeting = Meeting::starting_soon().await;
    let abell = meeting.abell().await;
    let mut teacher = abell.join_call(&meeting.door, "desk").await;
    let (teacher_connection, _) = teacher.seated().await;
    let mut parent = meeting.rachel().await.join_call(&meeting.door, "phone").await;
    let (parent_connection, _) = parent.seated().await;
    let to = parent.sees(ABELL, PresenceState::InCall).await.id;
    let from = teacher.sees(RACHEL, PresenceState::InCall).await.id;
    let signal = AddressedSignal {
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
    // The signals arrive as from another node, more than any queue holds and faster than it can be
    // emptied.
    let flood = async {
        for n in 1..10_000_000 {
            meeting.school.app.calls.receive(BusMessage::Signal(signal.clone()));
            if n % 2_000 == 0 {
                tokio::task::yield_now().await;
            }
        }
    };
    let code = tokio::select! {
        code = teacher.closed() => code,
        () = flood => None,
    };
    assert_eq!(code, Some(1013), "status 1013 asks to try again later");
    parent.sees(ABELL, PresenceState::Reconnecting).await;
    let mut again = abell.join_call(&meeting.door, "desk").await;
    assert!(again.seated().await.1, "the seat is still theirs");
}

#[tokio::test]
async fn strangers_and_foreign_origins_are_refused_a_socket() {
    let meeting = Meeting::starting_soon().await;
    let (socket, guest_socket) =
        (format!("{}/socket", meeting.door), format!("{}/socket", meeting.guest_door));
    let (rachel, jordan, stranger) =
        (meeting.rachel().await, meeting.jordan().await, meeting.school.stranger().await);
    let own = rachel.origin().to_owned();
    let refusal = async |actor: &crate::harness::Actor, path: &str, origin: Option<&str>| {
        actor.try_call_socket(path, origin).await.err().unwrap()
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

/// Finds an appointment of the same parent for a student whom the invite does not cover.
async fn sibling(meeting: &Meeting, rachel: &crate::harness::Actor) -> String {
    let bookings = rachel.get(&meeting.school.evening("/bookings")).await.is(200);
    let rows = bookings.list("/rows");
    rows.iter().find(|row| row["student"]["name"] == "Liz Aaron").unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned()
}
