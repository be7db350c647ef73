//! Bookings: which minutes a person is claimed for, the gaps between two appointments, and which ones the roster has stranded.

mod stranded;

use chrono::{DateTime, TimeDelta, Utc};

pub use self::stranded::{Ground, Stranded};

/// The step that claims are counted in. Slots start on whole minutes and last whole minutes, so that appointments of different lengths and evenings collide in at least one step.
pub const STEP: TimeDelta = TimeDelta::minutes(1);

/// The minutes (since 1970) for which a booking claims its teachers, its parent and its student. Each may be claimed once a minute.
pub fn claimed_minutes(starts_at: DateTime<Utc>, length: TimeDelta) -> impl Iterator<Item = i32> {
    let first = starts_at.timestamp().div_euclid(60);
    let after_last = (starts_at + length).timestamp().div_euclid(60);
    (first..after_last).filter_map(|minute| i32::try_from(minute).ok())
}

/// Free time between two appointments that follow each other, of a minute or more: shown as a row of its own.
///
/// `period_end` is the moment at which the next slot could have started at the earliest.
#[must_use]
pub fn gap(period_end: DateTime<Utc>, next_starts_at: DateTime<Utc>) -> Option<TimeDelta> {
    let gap = next_starts_at - period_end;
    (gap >= STEP).then_some(gap)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(minute: i64, second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(minute * 60 + second, 0).unwrap()
    }

    #[test]
    fn a_slot_claims_its_minutes() {
        assert_eq!(claimed_minutes(at(100, 0), TimeDelta::minutes(5)).collect::<Vec<_>>(), [100, 101, 102, 103, 104]);
    }

    #[test]
    fn a_gap_is_shown_from_a_minute_on() {
        assert_eq!(gap(at(10, 0), at(20, 0)), Some(TimeDelta::minutes(10)));
        assert_eq!(gap(at(10, 0), at(10, 30)), None);
        assert_eq!(gap(at(10, 0), at(10, 0)), None);
        assert_eq!(gap(at(10, 0), at(9, 0)), None);
    }

    proptest! {
        #[test]
        fn two_appointments_share_a_minute_exactly_when_they_overlap(a in 0i64..200, b in 0i64..200, la in 1i64..60, lb in 1i64..60) {
            let minutes = |start, length| claimed_minutes(at(start, 0), TimeDelta::minutes(length)).collect::<std::collections::BTreeSet<_>>();
            let overlap = a < b + lb && b < a + la;
            prop_assert_eq!(overlap, !minutes(a, la).is_disjoint(&minutes(b, lb)));
        }
    }
}
