//! Tests of the booking draft: tables of cases and invariants.

use proptest::prelude::*;

use super::*;

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn at(minute: u32) -> Moment {
    format!("2026-11-26T16:{minute:02}:00Z").parse().unwrap()
}

fn pick(student: u128, class: u128, minute: u32) -> NewBooking {
    NewBooking { student_id: id(student), class_id: id(class), starts_at: at(minute) }
}

fn lost(student: u128, class: u128) -> LostBooking {
    LostBooking {
        student_id: id(student),
        class_id: id(class),
        starts_at: at(0),
        code: "slot_taken".to_owned(),
    }
}

fn lesson(student: u128, class: u128, states: &[SlotState]) -> BookableClass {
    BookableClass {
        student: Student { id: id(student), name: "Sophie".to_owned() },
        class: ClassSlots {
            class_id: id(class),
            subject: "Science".to_owned(),
            teachers: Vec::new(),
            video: true,
            states: states.to_vec(),
            booking_id: None,
        },
    }
}

fn chosen(picks: &[NewBooking]) -> Picks {
    let mut all = Picks::default();
    picks.iter().for_each(|pick| all.toggle(*pick));
    all
}

#[test]
fn a_class_has_one_time() {
    let check = |toggled: &[NewBooking], expected: &[NewBooking]| {
        assert_eq!(chosen(toggled).0, expected);
    };
    check(&[], &[]);
    check(&[pick(1, 1, 0)], &[pick(1, 1, 0)]);
    // Another time of the class replaces the first one; choosing the same time again removes it.
    check(&[pick(1, 1, 0), pick(1, 1, 5)], &[pick(1, 1, 5)]);
    check(&[pick(1, 1, 0), pick(1, 1, 0)], &[]);
    // Another class, or another student of the class, keeps its own time; times are sorted.
    check(&[pick(1, 2, 5), pick(1, 1, 0)], &[pick(1, 1, 0), pick(1, 2, 5)]);
    check(&[pick(1, 1, 0), pick(2, 1, 5)], &[pick(1, 1, 0), pick(2, 1, 5)]);
}

#[test]
fn nobody_is_in_two_places_at_once() {
    let picks = chosen(&[pick(1, 1, 0)]);
    let check = |would_be: NewBooking, state: PickState| {
        assert_eq!(picks.state_of(&would_be), state, "{would_be:?}");
    };
    check(pick(1, 1, 0), PickState::Chosen);
    check(pick(1, 1, 5), PickState::Open);
    check(pick(1, 2, 0), PickState::Conflict);
    check(pick(2, 1, 0), PickState::Conflict);
    assert_eq!(picks.time_of(id(1), id(1)), Some(at(0)));
    assert_eq!(picks.time_of(id(2), id(1)), None);
    assert_eq!(picks.time_of(id(1), id(2)), None);
}

#[test]
fn lost_times_are_given_up() {
    let all = [pick(1, 1, 0), pick(1, 2, 5), pick(2, 1, 10)];
    let check = |lost: &[LostBooking], kept: &[NewBooking]| {
        let mut picks = chosen(&all);
        picks.remove_lost(lost);
        assert_eq!(picks.0, kept);
    };
    check(&[], &all);
    check(&[lost(1, 1)], &all[1..]);
    check(&[lost(1, 1), lost(2, 1)], &all[1..2]);
    check(&[lost(2, 2)], &all);
}

#[test]
fn what_is_no_longer_offered_is_given_up() {
    use SlotState::{Busy, Free, Taken, Yours};
    let times = [at(0), at(5)];
    let check = |pick: NewBooking, states: &[SlotState], lost: &[LostBooking], is_kept: bool| {
        let mut picks = chosen(&[pick]);
        let is_changed = picks.remove_unoffered(&times, &[lesson(1, 1, states)], lost);
        assert_eq!((is_changed, picks.0.len()), (!is_kept, usize::from(is_kept)), "{states:?}");
    };
    check(pick(1, 1, 5), &[Taken, Free], &[], true);
    for gone in [Busy, Yours, Taken] {
        check(pick(1, 1, 5), &[Free, gone], &[], false);
    }
    // A time outside the grid, a missing state, and a class that is not offered.
    check(pick(1, 1, 7), &[Free, Free], &[], false);
    check(pick(1, 1, 5), &[Free], &[], false);
    check(pick(1, 2, 0), &[Free, Free], &[], false);
    check(pick(2, 1, 0), &[Free, Free], &[], false);
    // A lost time stays in the draft, marked as lost, until the parent removes it.
    check(pick(1, 1, 5), &[Free, Taken], &[lost(1, 1)], true);
    check(pick(1, 1, 5), &[Free, Taken], &[lost(1, 2)], false);
}

#[test]
fn lessons_are_all_classes_of_all_students() {
    let of = |student: u128, classes: &[u128]| StudentSlots {
        student: Student { id: id(student), name: String::new() },
        classes: classes.iter().map(|class| lesson(student, *class, &[]).class).collect(),
    };
    let all = BookableClass::all(&[of(1, &[1, 2]), of(2, &[]), of(3, &[1])]);
    let ids: Vec<_> = all.iter().map(|one| (one.student.id, one.class.class_id)).collect();
    assert_eq!(ids, [(id(1), id(1)), (id(1), id(2)), (id(3), id(1))]);
    assert!(lesson(1, 1, &[SlotState::Taken, SlotState::Free]).has_free_time());
    assert!(!lesson(1, 1, &[SlotState::Taken]).has_free_time());
    let would_be = lesson(1, 2, &[]).at(at(5));
    assert_eq!(would_be, pick(1, 2, 5));
    assert!(lesson(1, 2, &[]).is_of(&would_be) && !lesson(1, 1, &[]).is_of(&would_be));
}

proptest! {
    #[test]
    fn whatever_is_pressed_no_two_are_of_one_class_or_at_one_time(
        presses in proptest::collection::vec((1..4_u128, 1..4_u128, 0..6_u32), 0..40),
    ) {
        let mut picks = Picks::default();
        for (student, class, slot) in presses {
            let would_be = pick(student, class, slot * 5);
            let state = picks.state_of(&would_be);
            // The page does not offer times in conflict.
            if state != PickState::Conflict {
                picks.toggle(would_be);
                let after =
                    if state == PickState::Chosen { PickState::Open } else { PickState::Chosen };
                prop_assert_eq!(picks.state_of(&would_be), after);
            }
            prop_assert!(picks.0.is_sorted_by(|a, b| a.starts_at < b.starts_at));
            for (place, one) in picks.0.iter().enumerate() {
                prop_assert!(picks.0[place + 1..].iter().all(|other| !same_class(one, other)));
            }
        }
    }
}
