//! Tests that no signal between a parent and their guest reveals an IP address, where the school
//! has a relay.

use chrono::TimeDelta;
use parlour_wire::{CallRole, ClientMessage, PresenceState, ServerMessage, Signal, SignalKind};
use uuid::Uuid;

use super::{ABELL, JORDAN, Meeting, RACHEL, starts_at};
use crate::harness::{CallSocket, School};

const TURN: [(&str, &str); 3] = [
    ("PARLOUR_MODE", "demo"),
    ("PARLOUR_TURN_URLS", "turn:turn.example.org:3478?transport=udp"),
    ("PARLOUR_TURN_SECRET", "north north north"),
];

const HOST: &str = "candidate:1 1 udp 2113937151 192.0.2.7 40000 typ host";
const RELAYED: &str =
    "candidate:3 1 udp 41885439 203.0.113.10 50000 typ relay raddr 198.51.100.4 rport 40000";
const SDP: &str = "v=0\r\no=- 1 2 IN IP4 192.0.2.7\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 \
                   192.0.2.7\r\na=candidate:1 1 udp 2113937151 192.0.2.7 40000 typ host\r\n";

async fn say(line: &mut CallSocket, to: (Uuid, u32), kind: SignalKind, data: &str) {
    let signal =
        Signal { attempt: 1, kind, data: data.to_owned(), sdp_mid: None, sdp_m_line_index: None };
    line.send_message(ClientMessage::Signal { to: to.0, to_connection: to.1, signal }).await;
}

fn relayed_with(line: &CallSocket) -> Option<CallRole> {
    line.received
        .iter()
        .find_map(|message| {
            if let ServerMessage::Welcome { relayed_with, .. } = message {
                Some(*relayed_with)
            } else {
                None
            }
        })
        .unwrap()
}

/// Teacher, parent and guest in the call, five minutes before it begins, with their ids and
/// connections.
async fn three(school: School) -> (Meeting, [CallSocket; 3], [(Uuid, u32); 3]) {
    let meeting = Meeting::at(school, starts_at() - TimeDelta::minutes(5)).await;
    let mut abell = meeting.abell().await.join_call(&meeting.door, "desk").await;
    abell.seated().await;
    let mut rachel = meeting.rachel().await.join_call(&meeting.door, "phone").await;
    rachel.seated().await;
    let mut jordan = meeting.jordan().await.join_call(&meeting.guest_door, "tablet").await;
    jordan.seated().await;
    let people = jordan
        .people(|people| {
            people.iter().filter(|one| one.state == PresenceState::InCall).count() == 3
        })
        .await;
    let place = |name: &str| {
        people
            .iter()
            .find(|one| one.name == name)
            .and_then(|one| Some((one.id, one.connection?)))
            .unwrap()
    };
    let places = [ABELL, RACHEL, JORDAN].map(place);
    (meeting, [abell, rachel, jordan], places)
}

#[tokio::test]
async fn parent_and_guest_exchange_only_relay_candidates() {
    let (_meeting, [mut abell, mut rachel, mut jordan], [teacher, parent, guest]) =
        three(School::start_with(&TURN).await).await;
    assert_eq!(
        [&abell, &rachel, &jordan].map(relayed_with),
        [None, Some(CallRole::Guest), Some(CallRole::Parent)]
    );
    // Signals to and from the teacher may contain any candidate.
    for line in [&mut rachel, &mut jordan] {
        say(line, teacher, SignalKind::Candidate, HOST).await;
        assert_eq!(abell.signal().await.2, HOST);
    }
    say(&mut abell, guest, SignalKind::Offer, SDP).await;
    assert_eq!(jordan.signal().await.2, SDP);
    let without = "candidate:3 1 udp 41885439 203.0.113.10 50000 typ relay raddr 0.0.0.0 rport 9";
    for data in [HOST, RELAYED] {
        say(&mut rachel, guest, SignalKind::Candidate, data).await;
        say(&mut jordan, parent, SignalKind::Candidate, data).await;
    }
    assert_eq!(jordan.signal().await, (parent.0, parent.1, without.to_owned()));
    assert_eq!(rachel.signal().await, (guest.0, guest.1, without.to_owned()));
    say(&mut jordan, parent, SignalKind::Offer, SDP).await;
    let offer = rachel.signal().await.2;
    assert!(offer.contains("m=audio 9") && !offer.contains("192.0.2.7"), "{offer}");
}

#[tokio::test]
async fn parent_and_guest_connect_directly_without_a_relay() {
    let (_meeting, [_, mut rachel, mut jordan], [_, parent, guest]) =
        three(School::start().await).await;
    assert_eq!([&rachel, &jordan].map(relayed_with), [None, None]);
    say(&mut rachel, guest, SignalKind::Candidate, HOST).await;
    assert_eq!(jordan.signal().await, (parent.0, parent.1, HOST.to_owned()));
}
