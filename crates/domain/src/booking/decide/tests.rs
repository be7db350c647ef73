//! Tests of booking, moving and cancelling: tables of cases, and invariants.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::booking::claimed_minutes;

/// The start of the evening, which has 12 slots of 5 minutes.
fn start() -> DateTime<Utc> {
    "2026-11-26T16:00:00Z".parse().unwrap()
}

fn slot(n: i64) -> DateTime<Utc> {
    start() + TimeDelta::minutes(5 * n)
}

/// A moment at which booking is open to parents.
fn open() -> DateTime<Utc> {
    start() - TimeDelta::days(3)
}

fn person(n: u128) -> PersonId {
    PersonId(Uuid::from_u128(n))
}

fn class(n: u128) -> ClassId {
    ClassId(Uuid::from_u128(n))
}

fn booking_id(n: u128) -> BookingId {
    BookingId(Uuid::from_u128(n))
}

const PARENT: u128 = 1;
const ANNA: u128 = 11;
const BEN: u128 = 12;
/// Abell teaches class 1, Davies class 2, and both teach class 3.
const ABELL: u128 = 21;
const DAVIES: u128 = 22;

fn terms(by: By) -> Terms {
    let window = BookingWindow {
        opens_at: start() - TimeDelta::days(7),
        closes_at: start() - TimeDelta::days(1),
    };
    let timing = Timing::new(start(), start() + TimeDelta::hours(1), 5, 0).unwrap();
    Terms { by, timing, window }
}

fn offer(student: u128, of: u128, teachers: &[u128]) -> Offer {
    let teachers = teachers.iter().map(|n| person(*n)).collect();
    Offer { student: person(student), class: class(of), teachers }
}

fn situation(by: By) -> BookingSituation {
    BookingSituation {
        terms: terms(by),
        parent: person(PARENT),
        offers: vec![
            offer(ANNA, 1, &[ABELL]),
            offer(ANNA, 2, &[DAVIES]),
            offer(ANNA, 3, &[ABELL, DAVIES]),
            offer(BEN, 1, &[ABELL]),
        ],
        own: Vec::new(),
        claims: BTreeSet::new(),
    }
}

fn wants(student: u128, of: u128, nth: i64) -> NewBooking {
    NewBooking { student: person(student), class: class(of), starts_at: slot(nth) }
}

fn own(id: u128, student: u128, of: u128, nth: i64) -> OwnBooking {
    OwnBooking {
        id: booking_id(id),
        student: person(student),
        class: class(of),
        starts_at: slot(nth),
        has_record: false,
    }
}

fn claims(of: u128, nth: i64) -> impl Iterator<Item = Claim> {
    claimed_minutes(slot(nth), TimeDelta::minutes(5)).map(move |minute| (person(of), minute))
}

/// The refusals of a decision: none, one for the whole request, or one for each lost appointment.
fn said<T>(decision: Result<T, BookingError>) -> Vec<Refusal> {
    match decision {
        Ok(_) => Vec::new(),
        Err(BookingError::Refused(refusal)) => vec![refusal],
        Err(BookingError::Lost(lost)) => lost.iter().map(|one| one.refusal).collect(),
    }
}

#[track_caller]
fn check(
    by: By,
    now: DateTime<Utc>,
    change: impl FnOnce(&mut BookingSituation),
    wanted: &[NewBooking],
    expected: &[Refusal],
) {
    let mut situation = situation(by);
    change(&mut situation);
    assert_eq!(said(decide_booking(wanted, &situation, now)), expected);
}

#[test]
fn parents_book_in_their_window_and_staff_until_the_end() {
    let one = [wants(ANNA, 1, 0)];
    let at = |by, now, expected: &[Refusal]| check(by, now, |_| {}, &one, expected);
    at(By::Parent, open(), &[]);
    at(By::Parent, start() - TimeDelta::days(8), &[Refusal::BookingNotOpen]);
    at(By::Parent, start() - TimeDelta::days(1), &[Refusal::BookingClosed]);
    at(By::Parent, start() + TimeDelta::hours(1), &[Refusal::EveningOver]);
    at(By::Staff, start() - TimeDelta::days(8), &[]);
    at(By::Staff, start() + TimeDelta::minutes(59), &[]);
    at(By::Staff, start() + TimeDelta::hours(1), &[Refusal::EveningOver]);
}

#[test]
fn what_may_be_booked() {
    let case = |wanted: &[NewBooking], expected: &[Refusal]| {
        check(By::Parent, open(), |_| {}, wanted, expected);
    };
    case(&[wants(ANNA, 1, 0), wants(ANNA, 2, 1), wants(BEN, 1, 2)], &[]);
    case(&[], &[Refusal::NothingChosen]);
    case(&[wants(BEN, 2, 0)], &[Refusal::ClassNotOffered]);
    case(&[wants(ANNA, 9, 0)], &[Refusal::ClassNotOffered]);
    case(&[wants(ANNA, 1, 12)], &[Refusal::NotASlot]);
    let between = NewBooking { starts_at: slot(0) + TimeDelta::minutes(1), ..wants(ANNA, 1, 0) };
    case(&[between], &[Refusal::NotASlot]);
    // A refusal of the whole request takes precedence over lost appointments.
    case(&[wants(ANNA, 1, 0), wants(ANNA, 1, 1), wants(BEN, 2, 0)], &[Refusal::ClassNotOffered]);
}

#[test]
fn nobody_is_in_two_places() {
    let taken = |who: u128, wanted: &[NewBooking], expected: &[Refusal]| {
        check(By::Parent, open(), |s| s.claims.extend(claims(who, 0)), wanted, expected);
    };
    taken(PARENT, &[wants(ANNA, 1, 0)], &[Refusal::PersonBusy]);
    taken(PARENT, &[wants(ANNA, 1, 1)], &[]);
    taken(ABELL, &[wants(ANNA, 1, 0)], &[Refusal::SlotTaken]);
    taken(ABELL, &[wants(ANNA, 3, 0)], &[Refusal::SlotTaken]);
    taken(DAVIES, &[wants(ANNA, 1, 0)], &[]);
    // A booking of the student's other parent looks like a busy teacher.
    taken(ANNA, &[wants(ANNA, 1, 0)], &[Refusal::SlotTaken]);
    taken(BEN, &[wants(ANNA, 1, 0)], &[]);
    // Two appointments of one request can conflict.
    taken(BEN, &[wants(ANNA, 1, 3), wants(ANNA, 2, 3)], &[Refusal::PersonBusy]);
    taken(BEN, &[wants(ANNA, 1, 3), wants(ANNA, 1, 4)], &[Refusal::AlreadyBooked]);
    // The result names every lost appointment, in the order of the request.
    taken(
        ABELL,
        &[wants(ANNA, 1, 0), wants(ANNA, 2, 1), wants(BEN, 1, 1)],
        &[Refusal::SlotTaken, Refusal::PersonBusy],
    );
}

#[test]
fn only_staff_book_a_class_again_beside_a_recorded_booking() {
    let booked = |by, now, has_record, expected: &[Refusal]| {
        let change = |s: &mut BookingSituation| {
            s.own = vec![OwnBooking { has_record, ..own(7, ANNA, 1, 0) }];
        };
        check(by, now, change, &[wants(ANNA, 1, 5)], expected);
    };
    let begun = slot(0) + TimeDelta::minutes(1);
    booked(By::Parent, open(), false, &[Refusal::AlreadyBooked]);
    booked(By::Parent, open(), true, &[Refusal::AlreadyBooked]);
    booked(By::Staff, open(), false, &[Refusal::AlreadyBooked]);
    booked(By::Staff, open(), true, &[]);
    booked(By::Staff, begun, false, &[]);
}

#[test]
fn staff_are_told_which_booking_the_new_one_repeats() {
    let mut s = situation(By::Staff);
    s.own = vec![
        OwnBooking { has_record: true, ..own(7, ANNA, 1, 0) },
        OwnBooking { has_record: true, ..own(8, BEN, 1, 1) },
    ];
    let wanted = [wants(ANNA, 1, 5), wants(ANNA, 2, 6)];
    let repeats: Vec<Option<BookingId>> = decide_booking(&wanted, &s, open())
        .unwrap()
        .into_iter()
        .map(|bookable| bookable.repeats)
        .collect();
    assert_eq!(repeats, [Some(booking_id(7)), None]);
}

/// Anna's appointment with Abell at the first slot.
fn move_situation(by: By) -> MoveSituation {
    let abell = BTreeSet::from([person(ABELL)]);
    MoveSituation {
        terms: terms(by),
        parent: person(PARENT),
        booking: own(7, ANNA, 1, 0),
        is_cancelled: false,
        teachers: abell.clone(),
        offered: Some(abell),
        still_there: BTreeSet::new(),
        others: Vec::new(),
        claims: BTreeSet::new(),
    }
}

#[track_caller]
fn check_move(
    by: By,
    change: impl FnOnce(&mut MoveSituation),
    to: i64,
    expected: Result<Move, Refusal>,
) {
    let mut situation = move_situation(by);
    change(&mut situation);
    let decided = decide_move(slot(to), &situation, open());
    let decided = decided.map_err(|error| match error {
        BookingError::Refused(refusal) => refusal,
        BookingError::Lost(lost) => lost.refusal(),
    });
    assert_eq!(decided, expected);
}

#[test]
fn when_an_appointment_may_be_moved() {
    for by in [By::Parent, By::Staff] {
        check_move(by, |_| {}, 1, Ok(Move::OtherTime));
        check_move(by, |_| {}, 0, Ok(Move::Nothing));
        check_move(by, |s| s.is_cancelled = true, 1, Err(Refusal::BookingCancelled));
        check_move(by, |_| {}, 12, Err(Refusal::NotASlot));
        check_move(by, |s| s.booking.has_record = true, 1, Err(Refusal::BookingBegan));
        check_move(by, |s| s.booking.has_record = true, 0, Ok(Move::Nothing));
        check_move(by, |s| s.claims.extend(claims(ABELL, 1)), 1, Err(Refusal::SlotTaken));
        check_move(by, |s| s.claims.extend(claims(PARENT, 1)), 1, Err(Refusal::PersonBusy));
        check_move(by, |s| s.claims.extend(claims(PARENT, 0)), 1, Ok(Move::OtherTime));
        check_move(by, |s| s.others = vec![own(8, ANNA, 1, 3)], 1, Err(Refusal::AlreadyBooked));
    }
    let closed = |s: &mut MoveSituation| s.terms.window.closes_at = open();
    check_move(By::Parent, closed, 1, Err(Refusal::BookingClosed));
    check_move(By::Staff, closed, 1, Ok(Move::OtherTime));
}

#[test]
fn an_appointment_that_has_begun_is_not_moved() {
    let situation = move_situation(By::Staff);
    let decided = decide_move(slot(3), &situation, slot(0));
    assert_eq!(decided, Err(BookingError::Refused(Refusal::BookingBegan)));
}

#[test]
fn staff_alone_give_an_appointment_to_the_teachers_of_now() {
    let other = |s: &mut MoveSituation| s.offered = Some(BTreeSet::from([person(DAVIES)]));
    check_move(By::Parent, other, 0, Ok(Move::Nothing));
    check_move(By::Staff, other, 0, Ok(Move::OtherTeachers));
    check_move(By::Parent, other, 1, Ok(Move::OtherTime));
    let busy = |s: &mut MoveSituation| {
        other(s);
        s.claims.extend(claims(DAVIES, 0));
    };
    check_move(By::Staff, busy, 0, Err(Refusal::SlotTaken));
}

#[test]
fn only_staff_move_stranded_bookings_while_a_teacher_stays() {
    let stranded = |s: &mut MoveSituation| {
        s.offered = None;
        s.still_there = BTreeSet::from([person(ABELL)]);
    };
    check_move(By::Parent, stranded, 1, Err(Refusal::ClassNotOffered));
    check_move(By::Staff, stranded, 1, Ok(Move::OtherTime));
    check_move(By::Staff, stranded, 0, Ok(Move::Nothing));
    check_move(By::Staff, |s| s.offered = None, 1, Err(Refusal::ClassNotOffered));
}

#[test]
fn when_an_appointment_may_be_cancelled() {
    let check = |by, is_cancelled, now, expected| {
        assert_eq!(decide_cancel(&terms(by), is_cancelled, now), expected);
    };
    check(By::Parent, false, open(), Ok(Cancel::Ends));
    check(By::Parent, false, start(), Err(Refusal::BookingClosed));
    check(By::Parent, true, start(), Ok(Cancel::Nothing));
    check(By::Staff, false, start(), Ok(Cancel::Ends));
    check(By::Staff, false, start() + TimeDelta::hours(1), Err(Refusal::EveningOver));
    check(By::Staff, true, start() + TimeDelta::hours(1), Ok(Cancel::Nothing));
}

fn any_wish() -> impl Strategy<Value = NewBooking> {
    (prop_oneof![Just(ANNA), Just(BEN)], 1u128..4, 0i64..12)
        .prop_map(|(student, class, nth)| wants(student, class, nth))
}

fn any_claims() -> impl Strategy<Value = BTreeSet<Claim>> {
    let who = prop_oneof![Just(PARENT), Just(ANNA), Just(BEN), Just(ABELL), Just(DAVIES)];
    proptest::collection::vec((who, 0i64..12), 0..6)
        .prop_map(|taken| taken.into_iter().flat_map(|(who, nth)| claims(who, nth)).collect())
}

/// Offers of all classes to both students.
fn offered_to_both() -> Vec<Offer> {
    [ANNA, BEN]
        .into_iter()
        .flat_map(|student| {
            [(1, &[ABELL][..]), (2, &[DAVIES]), (3, &[ABELL, DAVIES])]
                .map(|(class, teachers)| offer(student, class, teachers))
        })
        .collect()
}

/// All people of an appointment, in each of its minutes.
fn needs(s: &BookingSituation, booking: &NewBooking) -> Vec<Claim> {
    let teachers = s
        .offers
        .iter()
        .find(|offer| offer.student == booking.student && offer.class == booking.class)
        .map(|offer| offer.teachers.clone())
        .unwrap_or_default();
    let persons = teachers.into_iter().chain([s.parent, booking.student]);
    persons
        .flat_map(|person| {
            claimed_minutes(booking.starts_at, TimeDelta::minutes(5))
                .map(move |minute| (person, minute))
        })
        .collect()
}

proptest! {
    #[test]
    fn appointments_that_may_be_booked_never_collide(
        wanted in proptest::collection::vec(any_wish(), 1..5),
        claims in any_claims(),
    ) {
        let s = BookingSituation { offers: offered_to_both(), claims, ..situation(By::Parent) };
        let needed: Vec<Claim> = wanted.iter().flat_map(|one| needs(&s, one)).collect();
        let distinct: BTreeSet<Claim> = needed.iter().copied().collect();
        let classes: BTreeSet<_> = wanted.iter().map(|one| (one.student, one.class)).collect();
        let fits = distinct.len() == needed.len()
            && distinct.is_disjoint(&s.claims)
            && classes.len() == wanted.len();
        prop_assert_eq!(decide_booking(&wanted, &s, open()).is_ok(), fits);
    }

    #[test]
    fn what_is_lost_was_asked_for_and_the_rest_may_be_booked(
        wanted in proptest::collection::vec(any_wish(), 1..5),
        claims in any_claims(),
    ) {
        let s = BookingSituation { offers: offered_to_both(), claims, ..situation(By::Parent) };
        if let Err(error) = decide_booking(&wanted, &s, open()) {
            let BookingError::Lost(lost) = error else { panic!("{error:?}") };
            let mut rest = wanted.clone();
            for one in lost.iter() {
                // Of two equal appointments in a request, the later one is lost.
                let at = rest.iter().rposition(|wish| *wish == one.booking);
                prop_assert!(at.is_some());
                at.map(|at| rest.remove(at));
            }
            prop_assert!(rest.is_empty() || decide_booking(&rest, &s, open()).is_ok());
        }
    }

    #[test]
    fn a_move_takes_no_time_that_anybody_of_it_has(to in 0i64..12, claims in any_claims()) {
        let s = MoveSituation { claims: claims.clone(), ..move_situation(By::Parent) };
        let anybody = [PARENT, ANNA, ABELL]
            .into_iter()
            .any(|who| self::claims(who, to).any(|claim| claims.contains(&claim)));
        let expected = to == 0 || !anybody;
        prop_assert_eq!(decide_move(slot(to), &s, open()).is_ok(), expected);
    }

    #[test]
    fn staff_may_do_whatever_a_parent_may(
        wanted in proptest::collection::vec(any_wish(), 1..5),
        claims in any_claims(),
        days in -9i64..2,
    ) {
        let now = start() + TimeDelta::days(days);
        let of = |by| BookingSituation {
            offers: offered_to_both(),
            claims: claims.clone(),
            ..situation(by)
        };
        if decide_booking(&wanted, &of(By::Parent), now).is_ok() {
            prop_assert!(decide_booking(&wanted, &of(By::Staff), now).is_ok());
        }
    }
}
