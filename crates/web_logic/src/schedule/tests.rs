//! Tests of a teacher's schedule as tables of cases.

use chrono::TimeDelta;
use parlour_wire::{CallRole, Student};

use super::*;

const ME: Uuid = Uuid::from_u128(1);
const PARENT: Uuid = Uuid::from_u128(2);

fn at(minute: i64) -> Moment {
    "2026-11-26T16:00:00Z".parse::<Moment>().unwrap() + TimeDelta::minutes(minute)
}

/// An appointment that lasts five minutes.
fn appointment(number: u128, begins: i64, people: Vec<ExpectedPerson>) -> ScheduledAppointment {
    ScheduledAppointment {
        booking_id: Uuid::from_u128(number),
        starts_at: at(begins),
        ends_at: at(begins + 5),
        student: Student { id: Uuid::from_u128(9), name: "Sophie Aaron".to_owned() },
        parent: "Rachel Aaron".to_owned(),
        guest: None,
        subject: "Science".to_owned(),
        teachers: Vec::new(),
        video: true,
        people,
        no_show: false,
        note: String::new(),
        stranded: None,
    }
}

fn person(id: Uuid, role: CallRole, state: PresenceState) -> ExpectedPerson {
    ExpectedPerson { id, name: format!("{role:?}"), role, state }
}

#[test]
fn an_appointment_opens_runs_and_is_over() {
    let one = appointment(1, 60, Vec::new());
    let check = |now: Moment, stage: AppointmentStage, is_open: bool| {
        let found = AppointmentStage::of(&one, now);
        assert_eq!((found, found.is_open()), (stage, is_open), "{now}");
    };
    let second = TimeDelta::seconds(1);
    check(at(0), AppointmentStage::Early, false);
    check(opens_at(&one) - second, AppointmentStage::Early, false);
    check(opens_at(&one), AppointmentStage::Open, true);
    check(at(60) - second, AppointmentStage::Open, true);
    check(at(60), AppointmentStage::Running, true);
    check(at(65) - second, AppointmentStage::Running, true);
    check(at(65), AppointmentStage::Over, false);
}

#[test]
fn the_next_one_is_the_first_that_is_not_over() {
    let mut all = [
        appointment(1, 0, Vec::new()),
        appointment(2, 5, Vec::new()),
        appointment(3, 20, Vec::new()),
    ];
    let number = |all: &[ScheduledAppointment], minute: i64| {
        next(all, at(minute)).map(|one| one.booking_id.as_u128())
    };
    for (minute, expected) in [(-10, Some(1)), (4, Some(1)), (5, Some(2)), (10, Some(3))] {
        assert_eq!(number(&all, minute), expected, "{minute}");
    }
    assert_eq!(number(&all, 25), None);
    assert_eq!(number(&[], 0), None);
    // An appointment marked as a no-show is skipped.
    all[1].no_show = true;
    assert_eq!(number(&all, 5), Some(3));
}

#[test]
fn who_has_come_waits_unless_the_teacher_is_with_them() {
    use PresenceState::{InCall, Missing, Reconnecting, Waiting};
    let check = |minute: i64, mine: PresenceState, theirs: PresenceState, names: &[&str]| {
        let people =
            vec![person(ME, CallRole::Teacher, mine), person(PARENT, CallRole::Parent, theirs)];
        let all = [appointment(1, 0, people)];
        let found = waiting(&all, at(minute), Some(ME));
        let found: Vec<String> = found.into_iter().flat_map(|(_, names)| names).collect();
        assert_eq!(found, names, "{minute}: {mine:?}, {theirs:?}");
    };
    check(0, Missing, InCall, &["Parent"]);
    check(0, Missing, Waiting, &["Parent"]);
    check(0, Reconnecting, InCall, &["Parent"]);
    check(0, InCall, InCall, &[]);
    check(0, Missing, Missing, &[]);
    check(0, Missing, Reconnecting, &[]);
    // Nobody counts as waiting before the call can be entered or after its end.
    check(-600, Missing, InCall, &[]);
    check(5, Missing, InCall, &[]);
}

#[test]
fn the_others_are_all_but_oneself() {
    let people = vec![
        person(ME, CallRole::Teacher, PresenceState::Missing),
        person(PARENT, CallRole::Parent, PresenceState::Missing),
    ];
    let one = appointment(1, 0, people);
    let ids = |me| others(&one, me).iter().map(|person| person.id).collect::<Vec<_>>();
    assert_eq!(ids(Some(ME)), [PARENT]);
    assert_eq!(ids(None), [ME, PARENT]);
}
