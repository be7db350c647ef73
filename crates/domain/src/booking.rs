//! Rules of bookings: the decisions about them, the minutes that they claim, the gaps between two
//! appointments, and stranded appointments.

mod decide;
mod stranded;

use chrono::{DateTime, TimeDelta, Utc};

pub use self::{
    decide::{
        Bookable, BookingError, BookingSituation, By, Cancel, Claim, Lost, LostBookings, Move,
        MoveSituation, NewBooking, Offer, OwnBooking, Terms, decide_booking, decide_cancel,
        decide_move,
    },
    stranded::{BookingBasis, Stranded},
};

/// The unit of time claims. Slots start on whole minutes and last whole minutes, so appointments of
/// different lengths and evenings that overlap share at least one unit.
pub const CLAIM_STEP: TimeDelta = TimeDelta::minutes(1);

/// The minutes (since 1970) that a booking claims for its teachers, its parent and its student.
/// Each person can be claimed once per minute (E1).
pub fn claimed_minutes(starts_at: DateTime<Utc>, length: TimeDelta) -> impl Iterator<Item = i32> {
    let first = starts_at.timestamp().div_euclid(60);
    let after_last = (starts_at + length).timestamp().div_euclid(60);
    (first..after_last).filter_map(|minute| i32::try_from(minute).ok())
}

/// Returns whether an appointment keeps its time: it has begun, or a teacher has recorded something
/// about it. Its notes, its no-show mark and its attendance belong to that time, so nobody may move
/// it; staff can make another appointment for the same class.
#[must_use]
pub fn is_time_fixed(starts_at: DateTime<Utc>, has_record: bool, now: DateTime<Utc>) -> bool {
    has_record || now >= starts_at
}

/// The free time between two consecutive appointments, if it is a minute or more; My Bookings shows
/// it as a row of its own.
///
/// `period_end` is the earliest moment at which the next slot could have started.
#[must_use]
pub fn gap(period_end: DateTime<Utc>, next_starts_at: DateTime<Utc>) -> Option<TimeDelta> {
    let gap = next_starts_at - period_end;
    (gap >= CLAIM_STEP).then_some(gap)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(minute: i64, second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(minute * 60 + second, 0).unwrap()
    }

    #[test]
    fn slot_claims_each_of_its_minutes() {
        assert_eq!(
            claimed_minutes(at(100, 0), TimeDelta::minutes(5)).collect::<Vec<_>>(),
            [100, 101, 102, 103, 104]
        );
    }

    #[test]
    fn started_or_recorded_appointment_keeps_its_time() {
        for (now, has_record, keeps) in [
            (9, false, false),
            (9, true, true),
            (10, false, true),
            (11, false, true),
            (11, true, true),
        ] {
            assert_eq!(
                is_time_fixed(at(10, 0), has_record, at(now, 0)),
                keeps,
                "{now} {has_record}"
            );
        }
    }

    #[test]
    fn gaps_of_a_minute_or_more_are_shown() {
        assert_eq!(gap(at(10, 0), at(20, 0)), Some(TimeDelta::minutes(10)));
        assert_eq!(gap(at(10, 0), at(10, 30)), None);
        assert_eq!(gap(at(10, 0), at(10, 0)), None);
        assert_eq!(gap(at(10, 0), at(9, 0)), None);
    }

    proptest! {
        #[test]
        fn appointments_share_claims_iff_they_overlap(
            a in 0i64..200,
            b in 0i64..200,
            la in 1i64..60,
            lb in 1i64..60,
        ) {
            let minutes = |start, length| claimed_minutes(
                at(start, 0),
                TimeDelta::minutes(length),
            ).collect::<std::collections::BTreeSet<_>>();
            let overlap = a < b + lb && b < a + la;
            prop_assert_eq!(overlap, !minutes(a, la).is_disjoint(&minutes(b, lb)));
        }
    }
}
