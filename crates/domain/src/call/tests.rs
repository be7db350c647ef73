//! Tests of calls: scenarios of several participants, and invariants.

use std::collections::BTreeSet;

use proptest::{collection::vec, prelude::*};
use uuid::Uuid;

use super::*;

fn at(second: i64) -> DateTime<Utc> {
    "2026-11-26T16:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::seconds(second)
}

fn person(n: u8) -> ParticipantId {
    ParticipantId(Uuid::from_u128(n.into()))
}

fn request(n: u8, device: u8) -> EntryRequest {
    EntryRequest {
        participant: person(n),
        role: CallRole::Teacher,
        session: SessionId(Uuid::from_u128(device.into())),
        device: format!("{n}/{device}"),
        move_here: false,
        fresh: false,
        recent_takeovers: 0,
        is_proven: false,
    }
}

fn call(capacity: u32) -> Call {
    Call::new(capacity, Vec::new(), Vec::new(), 1)
}

fn seated(connection: u32) -> EntryDecision {
    EntryDecision::Seated { connection, resumed: false, replaced: None }
}

fn kinds(events: &[CallEvent]) -> Vec<(ParticipantId, CallEventKind)> {
    events.iter().map(|event| (event.participant, event.kind)).collect()
}

#[test]
fn fifth_participant_waits_for_one_of_four_seats() {
    let mut call = call(4);
    for n in 1..=4 {
        assert_eq!(call.enter(&request(n, 1), at(0)).0, seated(n.into()));
    }
    assert_eq!(
        call.enter(&request(5, 1), at(1)).0,
        EntryDecision::Waiting { place: 1, connection: 5, replaced: None }
    );
    assert_eq!(
        kinds(&call.leave(person(2), 2, at(2))),
        [(person(2), CallEventKind::Left), (person(5), CallEventKind::Promoted)]
    );
    assert_eq!(
        call.seats()
            .iter()
            .map(|seat| (seat.number, seat.occupant.participant))
            .collect::<Vec<_>>(),
        [(1, person(1)), (2, person(5)), (3, person(3)), (4, person(4))]
    );
    assert_eq!(
        call.enter(&request(2, 1), at(3)).0,
        EntryDecision::Waiting { place: 1, connection: 6, replaced: None }
    );
}

#[test]
fn disconnected_participant_keeps_seat_for_30_seconds() {
    let mut call = call(2);
    call.enter(&request(1, 1), at(0));
    call.enter(&request(2, 1), at(0));
    call.enter(&request(3, 1), at(0));
    assert_eq!(
        kinds(&call.disconnect(person(1), 1, at(30), at(5))),
        [(person(1), CallEventKind::Disconnected)]
    );
    call.renew(person(2), 2, at(29));
    call.renew(person(3), 3, at(29));
    assert_eq!(kinds(&call.expire(at(34))), []);
    let resumed = call.clone().enter(&request(1, 1), at(34));
    assert_eq!(
        (resumed.0, kinds(&resumed.1)),
        (
            EntryDecision::Seated { connection: 1, resumed: true, replaced: None },
            vec![(person(1), CallEventKind::Resumed)]
        )
    );
    assert_eq!(
        kinds(&call.expire(at(35))),
        [(person(1), CallEventKind::Expired), (person(3), CallEventKind::Promoted)]
    );
}

#[test]
fn reload_keeps_the_seat_and_gets_a_new_connection() {
    let mut call = call(4);
    call.enter(&request(1, 1), at(0));
    let (entered, events) = call.enter(&EntryRequest { fresh: true, ..request(1, 1) }, at(1));
    assert_eq!(entered, EntryDecision::Seated { connection: 2, resumed: false, replaced: Some(1) });
    assert_eq!(kinds(&events), [(person(1), CallEventKind::Resumed)]);
    assert_eq!(call.seats()[0].occupant.since, at(0));
    assert_eq!(call.leave(person(1), 1, at(2)), [], "the older connection changes nothing");
    assert_eq!(call.disconnect(person(1), 1, at(60), at(2)), []);
    assert_eq!(call.renew(person(1), 1, at(2)), (false, vec![]));
}

#[test]
fn late_disconnect_of_an_old_socket_is_ignored() {
    let mut call = call(4);
    call.enter(&request(1, 1), at(0));
    call.enter(&request(1, 1), at(5));
    assert_eq!(call.disconnect(person(1), 1, at(30), at(6)), []);
    assert_eq!(
        kinds(&call.disconnect(person(1), 1, at(35), at(6))),
        [(person(1), CallEventKind::Disconnected)]
    );
}

#[test]
fn second_device_must_confirm_takeover() {
    let mut call = call(4);
    call.enter(&request(1, 1), at(0));
    assert_eq!(call.enter(&request(1, 2), at(1)), (EntryDecision::MoveHere, vec![]));
    let (entered, events) = call.enter(&EntryRequest { move_here: true, ..request(1, 2) }, at(2));
    assert_eq!(entered, EntryDecision::Seated { connection: 2, resumed: false, replaced: Some(1) });
    assert_eq!(kinds(&events), [(person(1), CallEventKind::TakenOver { same_session: false })]);
    assert_eq!(call.seats().len(), 1);
    assert_eq!(
        call.enter(&request(1, 1), at(3)).0,
        EntryDecision::MoveHere,
        "the first device must now ask to move back"
    );
}

#[test]
fn third_takeover_of_a_guest_link_requires_a_code() {
    let again = |recent_takeovers, role, is_proven| EntryRequest {
        move_here: true,
        role,
        recent_takeovers,
        is_proven,
        ..request(1, 2)
    };
    let check = |request: EntryRequest, is_asked: bool| {
        let mut call = call(4);
        call.enter(&self::request(1, 1), at(0));
        assert_eq!(
            call.enter(&request, at(1)).0 == EntryDecision::CodeRequired,
            is_asked,
            "{request:?}"
        );
    };
    check(again(1, CallRole::Guest, false), false);
    check(again(2, CallRole::Guest, false), true);
    check(again(2, CallRole::Guest, true), false);
    check(again(2, CallRole::Parent, false), false);
    check(EntryRequest { device: "1/1".into(), ..again(2, CallRole::Guest, false) }, false);
    let mut empty = call(4);
    assert_eq!(
        empty.enter(&again(2, CallRole::Guest, false), at(0)).0,
        EntryDecision::CodeRequired,
        "the code is required even while the guest is absent"
    );
}

#[test]
fn queue_position_survives_takeover_and_disconnect() {
    let mut call = call(2);
    for n in 1..=4 {
        call.enter(&request(n, 1), at(0));
    }
    let moved = call.enter(&EntryRequest { move_here: true, ..request(3, 2) }, at(1)).0;
    assert_eq!(moved, EntryDecision::Waiting { place: 1, connection: 5, replaced: Some(3) });
    call.disconnect(person(3), 5, at(31), at(2));
    assert_eq!(
        kinds(&call.evict(&[person(1)], at(3))),
        [(person(1), CallEventKind::Evicted), (person(4), CallEventKind::Promoted)],
        "a disconnected participant is skipped"
    );
    call.leave(person(2), 2, at(4));
    assert_eq!(
        kinds(&call.renew(person(3), 5, at(5)).1),
        [(person(3), CallEventKind::Resumed), (person(3), CallEventKind::Promoted)]
    );
}

#[test]
fn closing_the_call_evicts_everybody() {
    let mut call = call(2);
    for n in 1..=3 {
        call.enter(&request(n, 1), at(0));
    }
    assert_eq!(kinds(&call.close()), [1, 2, 3].map(|n| (person(n), CallEventKind::Evicted)));
    assert!(call.seats().is_empty() && call.queue().is_empty());
}

/// The operations on a call, with small numbers so that they conflict often.
#[derive(Clone, Copy, Debug)]
enum Step {
    Enter { who: u8, device: u8, move_here: bool, fresh: bool, takeovers: i64 },
    Disconnect(u8),
    Renew(u8),
    Leave(u8),
    Evict(u8),
    Expire,
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 1..9u8;
    prop_oneof![
        6 => (who(), 1..3u8, any::<bool>(), any::<bool>(), 0..4i64).prop_map(
            |(who, device, move_here, fresh, takeovers)| Step::Enter {
                who,
                device,
                move_here,
                fresh,
                takeovers,
            }
        ),
        2 => who().prop_map(Step::Disconnect),
        3 => who().prop_map(Step::Renew),
        1 => who().prop_map(Step::Leave),
        1 => who().prop_map(Step::Evict),
        1 => Just(Step::Expire),
    ]
}

fn take(call: &mut Call, step: Step, now: DateTime<Utc>) -> Vec<CallEvent> {
    let connection =
        |call: &Call, who| call.occupant_of(person(who)).map_or(0, |place| place.connection);
    match step {
        Step::Enter { who, device, move_here, fresh, takeovers } => {
            let request = EntryRequest {
                move_here,
                fresh,
                role: CallRole::Guest,
                recent_takeovers: takeovers,
                ..request(who, device)
            };
            let before = call.occupant_of(person(who)).cloned();
            let (entered, events) = call.enter(&request, now);
            match entered {
                EntryDecision::Seated { connection, resumed: true, .. } => assert_eq!(
                    before.unwrap().connection,
                    connection,
                    "a resumed seat keeps its number"
                ),
                EntryDecision::MoveHere | EntryDecision::CodeRequired => {
                    assert!(events.iter().all(|event| event.kind != CallEventKind::Joined))
                }
                EntryDecision::Seated { .. } | EntryDecision::Waiting { .. } => {
                    assert!(call.occupant_of(person(who)).unwrap().is_present)
                }
            }
            events
        }
        Step::Disconnect(who) => {
            call.disconnect(person(who), connection(call, who), now + GRACE, now)
        }
        Step::Renew(who) => call.renew(person(who), connection(call, who), now).1,
        Step::Leave(who) => call.leave(person(who), connection(call, who), now),
        Step::Evict(who) => {
            let events = call.evict(&[person(who)], now);
            assert!(call.occupant_of(person(who)).is_none());
            events
        }
        Step::Expire => call.expire(now),
    }
}

fn check(before: &Call, call: &Call, events: &[CallEvent], capacity: u32, now: DateTime<Utc>) {
    assert!(call.seats().len() <= capacity as usize, "more seats than the capacity");
    let numbers: BTreeSet<u32> = call.seats().iter().map(|seat| seat.number).collect();
    assert!(
        numbers.len() == call.seats().len()
            && numbers.iter().all(|number| (1..=capacity).contains(number)),
        "two occupants have the same seat"
    );
    let places: Vec<&Occupant> = call
        .seats()
        .iter()
        .map(|seat| &seat.occupant)
        .chain(call.queue().iter().map(|queued| &queued.occupant))
        .collect();
    assert_eq!(
        places.iter().map(|place| place.participant).collect::<BTreeSet<_>>().len(),
        places.len(),
        "a participant has two places"
    );
    assert_eq!(
        places.iter().map(|place| place.connection).collect::<BTreeSet<_>>().len(),
        places.len(),
        "two places have the same connection number"
    );
    assert!(
        call.seats().len() == capacity as usize
            || call.queue().iter().all(|queued| !queued.occupant.is_present),
        "a participant waits while a seat is free"
    );
    assert!(
        places.iter().all(|place| place.lease_ends_at > now && place.lease_ends_at <= now + GRACE),
        "a lease has ended or is too long"
    );

    assert!(
        call.next_connection() >= before.next_connection()
            && places.iter().all(|place| place.connection < call.next_connection())
    );
    for place in &places {
        let kept = before
            .occupant_of(place.participant)
            .is_some_and(|old| old.connection == place.connection);
        assert!(
            kept || place.connection >= before.next_connection(),
            "a connection number decreased"
        );
    }
    assert!(call.queue().is_sorted_by_key(|queued| queued.number));
    // A participant who returned in this very step was absent when earlier seats were assigned.
    let was_present = |queued: &&QueueEntry| queued.occupant.is_present;
    let waited: Vec<&QueueEntry> = before.queue().iter().filter(was_present).collect();
    let number = |participant| {
        waited
            .iter()
            .find(|queued| queued.occupant.participant == participant)
            .map(|queued| queued.number)
    };
    let promoted: Vec<u32> = events
        .iter()
        .filter(|event| event.kind == CallEventKind::Promoted)
        .filter_map(|event| number(event.participant))
        .collect();
    assert!(promoted.is_sorted(), "participants were not seated in queue order");
    // A participant whose place expired in this very step and who entered again is at the end of
    // the queue, with a new number.
    let waited_there = |queued: &&QueueEntry| {
        queued.occupant.is_present && number(queued.occupant.participant) == Some(queued.number)
    };
    let passed_over = |queued: &&QueueEntry| {
        waited_there(queued) && promoted.last().is_some_and(|last| queued.number < *last)
    };
    assert_eq!(call.queue().iter().find(passed_over), None, "a later participant was seated first");
}

#[test]
fn queue_position_expiring_on_return_is_lost() {
    let mut call = call(2);
    for who in [8, 6, 7] {
        call.enter(&request(who, 1), at(0));
    }
    call.enter(&request(1, 1), at(10));
    call.disconnect(person(6), 2, at(30), at(13));
    let before = call.clone();
    // The seat of 8 and the queue entry of 7, both silent for 30 seconds, expire at the same
    // moment.
    let (entered, events) = call.enter(&request(7, 1), at(30));
    check(&before, &call, &events, 2, at(30));
    assert_eq!(entered, EntryDecision::Waiting { place: 1, connection: 5, replaced: None });
    assert_eq!(
        call.seats().iter().map(|seat| seat.occupant.participant).collect::<Vec<_>>(),
        [person(1), person(6)]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn call_invariants_hold_for_any_steps(
        capacity in 2..6u32,
        steps in vec((step(), 0..12i64), 1..80),
    ) {
        let (mut call, mut second) = (call(capacity), 0);
        for (step, seconds) in steps {
            second += seconds;
            let before = call.clone();
            let events = take(&mut call, step, at(second));
            check(&before, &call, &events, capacity, at(second));
        }
    }
}
