//! Tests of signals that arrive before their recipient's connection, and of full send queues.

use chrono_tz::Europe::London;
use parlour_domain::{
    call::CallTimes,
    id::{BookingId, PersonId, SchoolId, SessionId},
};
use parlour_wire::{Signal, SignalKind};
use uuid::Uuid;

use super::*;
use crate::store::calls::CallIdentity;

const TEACHER: Uuid = Uuid::from_u128(1);
const PARENT: Uuid = Uuid::from_u128(2);

fn now() -> DateTime<Utc> {
    "2026-11-26T16:00:00Z".parse().unwrap()
}

/// A snapshot in which the teacher has a seat with connection 1, and the parent with connection 2.
fn both_sit() -> Snapshot {
    let person = |id, name: &str, role, connection| Present {
        participant: ParticipantId(id),
        name: name.to_owned(),
        role,
        place: Some(PresentPlace {
            connection,
            queue: None,
            is_present: true,
            lease_ends_at: now() + TimeDelta::seconds(30),
        }),
    };
    Snapshot {
        version: 1,
        next_connection: 3,
        times: CallTimes {
            opens_at: now(),
            starts_at: now(),
            ends_at: now() + TimeDelta::minutes(5),
        },
        zone: London,
        can_extend: false,
        late_minutes: 0,
        is_cancelled: false,
        people: vec![
            person(TEACHER, "Anita Abell", CallRole::Teacher, 1),
            person(PARENT, "Rachel Aaron", CallRole::Parent, 2),
        ],
    }
}

fn member(who: CallIdentity, number: u32) -> (Member, mpsc::Receiver<Outgoing>) {
    let (out, heard) = SocketSender::new(64);
    let visitor = Visitor {
        school: SchoolId(Uuid::nil()),
        booking: BookingId(Uuid::nil()),
        who,
        session: SessionId(Uuid::nil()),
    };
    (Member::new(visitor, number, false, now(), out), heard)
}

fn offer(to_connection: u32, bytes: usize) -> AddressedSignal {
    AddressedSignal {
        booking: BookingId(Uuid::nil()),
        from: ParticipantId(PARENT),
        from_connection: 2,
        to: ParticipantId(TEACHER),
        to_connection,
        signal: Signal {
            attempt: 1,
            kind: SignalKind::Offer,
            data: "x".repeat(bytes),
            sdp_mid: None,
            sdp_m_line_index: None,
        },
    }
}

/// Counts the signals that a member received.
fn signals(heard: &mut mpsc::Receiver<Outgoing>) -> usize {
    std::iter::from_fn(|| heard.try_recv().ok())
        .filter(|one| matches!(one, Outgoing::Text(text) if text.contains("xxx")))
        .count()
}

/// A room in which the parent has joined. The teacher has a seat in the database, but their
/// connection has not joined the room yet.
fn before_the_teacher_comes() -> Room {
    let mut room = Room::default();
    room.join(2, member(CallIdentity::Parent(PersonId(PARENT)), 2).0);
    assert!(room.apply(both_sit(), now()).is_empty());
    room
}

#[test]
fn early_offer_is_delivered_once_the_connection_joins() {
    let mut room = before_the_teacher_comes();
    assert!(!room.deliver(&offer(1, 8)), "the recipient has not joined yet");
    room.buffer_early(offer(1, 8), now());
    let (teacher, mut heard) = member(CallIdentity::Teacher(PersonId(TEACHER)), 1);
    room.join(1, teacher);
    room.apply(both_sit(), now() + TimeDelta::seconds(1));
    assert_eq!(signals(&mut heard), 1);
    room.apply(both_sit(), now() + TimeDelta::seconds(2));
    assert_eq!(signals(&mut heard), 0, "it is delivered once only");
}

#[test]
fn early_offer_expires_and_skips_older_connections() {
    let mut room = before_the_teacher_comes();
    room.buffer_early(offer(1, 8), now());
    room.buffer_early(offer(0, 8), now());
    room.apply(both_sit(), now() + TimeDelta::seconds(4));
    let (teacher, mut heard) = member(CallIdentity::Teacher(PersonId(TEACHER)), 1);
    room.join(1, teacher);
    room.apply(both_sit(), now() + TimeDelta::seconds(5));
    assert_eq!(signals(&mut heard), 0);
}

#[test]
fn early_signals_are_bounded_by_bytes_and_count() {
    let mut room = before_the_teacher_comes();
    for _ in 0..100 {
        room.buffer_early(offer(1, 30_000), now());
    }
    let (teacher, mut heard) = member(CallIdentity::Teacher(PersonId(TEACHER)), 1);
    room.join(1, teacher);
    room.apply(both_sit(), now());
    assert_eq!(signals(&mut heard), 8, "8 * 30,000 bytes, and not 9");
    let mut room = before_the_teacher_comes();
    for _ in 0..1_000 {
        room.buffer_early(offer(1, 3), now());
    }
    assert_eq!(room.early.len(), 64, "a quarter of a queue");
}

#[test]
fn member_with_full_send_queue_is_told_to_close_and_stays() {
    use futures_util::FutureExt;

    let mut room = before_the_teacher_comes();
    let (teacher, mut heard) = member(CallIdentity::Teacher(PersonId(TEACHER)), 1);
    let out = teacher.out.clone();
    let overflowed = || out.overflowed().now_or_never().is_some();
    room.join(1, teacher);
    room.apply(both_sit(), now());
    let welcome = heard.len();
    for _ in welcome..64 {
        assert!(room.deliver(&offer(1, 8)) && !overflowed());
    }
    assert!(room.deliver(&offer(1, 8)));
    assert!(overflowed(), "the 65th was lost");
    assert_eq!(signals(&mut heard), 64 - welcome);
    // Presence messages use the same queue and overflow it too.
    for video in (0..70).map(|n| n % 2 == 0) {
        room.set_media(
            ParticipantId(PARENT),
            2,
            Media { audio: true, video, screen: false, deaf: false },
        );
    }
    assert!(overflowed());
    assert!(room.leave(1).is_some(), "it is still a member, so its socket can release its place");
}
