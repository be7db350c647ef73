//! Tests of the invite rules: a table of cases, and invariants.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn now() -> DateTime<Utc> {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

fn student(n: u128) -> PersonId {
    PersonId(Uuid::from_u128(n))
}

fn candidate(n: u128) -> Candidate {
    Candidate { student: student(n), involved: true, invited: false, barred: false }
}

fn invite_for(students: &[u128]) -> NewInvite {
    NewInvite {
        name: PersonName::parse("Jordan Aaron").unwrap(),
        email: EmailAddress::parse("jordan@example.org").unwrap(),
        students: students.iter().map(|n| student(*n)).collect(),
        consent: Consent::Ticked,
    }
}

fn context() -> InviteContext {
    InviteContext {
        mode: Mode::Video,
        evening_ends_at: now() + TimeDelta::days(6),
        own_address_key: Some("rachel@example.org".into()),
        bookings: 3,
        video_bookings: 3,
        candidates: vec![candidate(1), candidate(2), candidate(3)],
        sent_today: 0,
        refused_today: 0,
        suppressed: false,
    }
}

#[track_caller]
fn check(
    change: impl FnOnce(&mut InviteContext),
    students: &[u128],
    expected: Result<(), Refusal>,
) {
    let mut context = context();
    change(&mut context);
    assert_eq!(decide(&invite_for(students), &context, now()), expected);
}

#[test]
fn decide_checks_the_covered_students_and_address() {
    check(|_| {}, &[1], Ok(()));
    check(|_| {}, &[1, 2, 3], Ok(()));
    check(|_| {}, &[], Err(Refusal::NoStudentChosen));
    check(|_| {}, &[4], Err(Refusal::StudentNotInvolved));
    check(|s| s.candidates[0].involved = false, &[1], Err(Refusal::StudentNotInvolved));
    check(|s| s.candidates[0].invited = true, &[1], Err(Refusal::InviteExists));
    check(|s| s.candidates[0].invited = true, &[2], Ok(()));
    check(|s| s.candidates[1].barred = true, &[1, 2], Err(Refusal::AskTheSchool));
    check(|s| s.candidates[1].barred = true, &[1], Ok(()));
    check(
        |s| s.own_address_key = Some("jordan@example.org".into()),
        &[1],
        Err(Refusal::OwnAddress),
    );
    check(|s| s.suppressed = true, &[1], Err(Refusal::AddressSuppressed));
}

#[test]
fn invite_requires_a_video_appointment_before_the_end() {
    check(|s| s.bookings = 0, &[1], Err(Refusal::NoAppointment));
    check(|s| s.mode = Mode::InPerson, &[1], Err(Refusal::NoVideoAppointment));
    check(
        |s| (s.mode, s.video_bookings) = (Mode::Hybrid, 0),
        &[1],
        Err(Refusal::NoVideoAppointment),
    );
    check(|s| (s.mode, s.video_bookings) = (Mode::Hybrid, 1), &[1], Ok(()));
    check(|s| s.evening_ends_at = now(), &[1], Err(Refusal::EveningOver));
}

#[test]
fn invites_are_limited_per_day() {
    check(|s| s.sent_today = 4, &[1], Ok(()));
    check(|s| s.sent_today = 5, &[1], Err(Refusal::InviteLimit));
    check(|s| s.refused_today = 3, &[1], Err(Refusal::AskTheSchool));
}

#[test]
fn limit_and_bar_give_the_same_refusal() {
    // After three refusals every address gets the answer of a barred one, so that nobody can find
    // out by trial which address is barred.
    let mut s = context();
    s.refused_today = 3;
    let after_limit = decide(&invite_for(&[1]), &s, now());
    s.refused_today = 0;
    s.candidates[0].barred = true;
    assert_eq!(after_limit, decide(&invite_for(&[1]), &s, now()));
}

#[test]
fn resend_is_rate_limited() {
    let ends = now() + TimeDelta::days(6);
    let check = |minutes_ago, resent, expected| {
        assert_eq!(
            decide_resend(now() - TimeDelta::minutes(minutes_ago), resent, ends, now()),
            expected
        );
    };
    check(10, 0, Ok(()));
    check(9, 0, Err(Refusal::ResendTooSoon));
    check(60, 5, Err(Refusal::ResendLimit));
    assert_eq!(
        decide_resend(now() - TimeDelta::days(1), 0, now(), now()),
        Err(Refusal::EveningOver)
    );
}

#[test]
fn guest_link_ends_an_hour_after_the_last_appointment() {
    let (closes, ends) = (now() + TimeDelta::hours(1), now() + TimeDelta::hours(5));
    let last = now() + TimeDelta::hours(3);
    let later = closes + TimeDelta::minutes(1);
    assert_eq!(link_ends_at(Some(last), closes, ends, later), last + TimeDelta::hours(1));
    assert_eq!(
        link_ends_at(Some(last), closes, ends, now()),
        ends + TimeDelta::hours(1),
        "more appointments can be booked"
    );
    assert_eq!(link_ends_at(None, closes, ends, later), ends + TimeDelta::hours(1));
}

proptest! {
    #[test]
    fn invite_is_accepted_iff_all_students_are_involved_and_free(
        flags in proptest::collection::vec(any::<(bool, bool, bool)>(), 1..6),
        picks in proptest::collection::btree_set(0usize..6, 0..6),
    ) {
        let mut s = context();
        let candidate = |(n, flags): (usize, &(bool, bool, bool))| Candidate {
            student: student(n as u128),
            involved: flags.0,
            invited: flags.1,
            barred: flags.2,
        };
        s.candidates = flags.iter().enumerate().map(candidate).collect();
        let students: Vec<u128> = picks.iter().map(|n| *n as u128).collect();
        let flags_of = |n: &usize| flags.get(*n).copied().unwrap_or_default();
        let chosen: Vec<_> = picks.iter().map(flags_of).collect();
        let expected = if chosen.is_empty() {
            Err(Refusal::NoStudentChosen)
        } else if chosen.iter().any(|(involved, ..)| !involved) {
            Err(Refusal::StudentNotInvolved)
        } else if chosen.iter().any(|(_, invited, _)| *invited) {
            Err(Refusal::InviteExists)
        } else if chosen.iter().any(|(.., barred)| *barred) {
            Err(Refusal::AskTheSchool)
        } else {
            Ok(())
        };
        prop_assert_eq!(decide(&invite_for(&students), &s, now()), expected);
    }
}
