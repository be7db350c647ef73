//! Times of a call: when it can be entered, when its talk begins and ends, and which minutes an
//! extension needs.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{Refusal, booking::claimed_minutes, evening::Timing};

/// Lead time before its start a call can be entered.
pub const ENTRY_LEAD: TimeDelta = TimeDelta::minutes(10);

/// Time that a teacher adds to a call at once.
pub const EXTENSION: TimeDelta = TimeDelta::minutes(1);

/// Time for which relay credentials stay valid after the talk: as long as a teacher may add
/// minutes.
pub const RELAY_SPARE: TimeDelta = TimeDelta::minutes(15);

/// Time for which relay credentials stay valid if no call is open: enough to test a device.
pub const RELAY_CHECK: TimeDelta = TimeDelta::minutes(5);

/// True if a call can be entered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallState {
    /// It can't be entered yet.
    Early,
    /// It can be entered.
    Open,
    /// It can't be entered any more.
    Over,
}

/// The times of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CallTimes {
    /// The moment from which people may enter and wait.
    pub opens_at: DateTime<Utc>,
    /// Time when the talk begins.
    pub starts_at: DateTime<Utc>,
    /// Time when the talk ends, added time included; everybody is evicted then.
    pub ends_at: DateTime<Utc>,
}

impl CallTimes {
    /// The times of a call in the slot that starts at `starts_at`, extended by `extended`.
    #[must_use]
    pub fn new(starts_at: DateTime<Utc>, timing: &Timing, extended: TimeDelta) -> Self {
        Self {
            opens_at: starts_at - ENTRY_LEAD,
            starts_at,
            ends_at: starts_at + timing.talk_length() + extended,
        }
    }

    /// Returns whether the call can be entered now.
    #[must_use]
    pub fn state(&self, now: DateTime<Utc>) -> CallState {
        if now < self.opens_at {
            CallState::Early
        } else if now < self.ends_at {
            CallState::Open
        } else {
            CallState::Over
        }
    }

    /// The expiry of relay credentials that are issued now for this call.
    #[must_use]
    pub fn relay_ends_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        if self.state(now) == CallState::Open {
            self.ends_at + RELAY_SPARE
        } else {
            now + RELAY_CHECK
        }
    }

    /// Checks that the call can be entered now.
    ///
    /// # Errors
    /// [`Refusal::CallEarly`], [`Refusal::CallOver`].
    pub fn check(&self, now: DateTime<Utc>) -> Result<(), Refusal> {
        match self.state(now) {
            CallState::Early => Err(Refusal::CallEarly),
            CallState::Open => Ok(()),
            CallState::Over => Err(Refusal::CallOver),
        }
    }
}

/// The minutes that a talk until `ends_at` needs and that it has not claimed yet. A minute is
/// needed if any second of it is; within the slot's own time and the gap after it there is often no
/// further minute to claim.
pub fn minutes_to_claim(
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    claimed: &BTreeSet<i32>,
) -> impl Iterator<Item = i32> {
    let whole = TimeDelta::seconds(59) + TimeDelta::nanoseconds(999_999_999);
    claimed_minutes(starts_at, ends_at + whole - starts_at)
        .filter(|minute| !claimed.contains(minute))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        format!("2026-11-26T{text}Z").parse().unwrap()
    }

    fn times(gap_seconds: u32, extended_minutes: i64) -> CallTimes {
        let timing = Timing::new(at("16:00:00"), at("18:00:00"), 5, gap_seconds).unwrap();
        CallTimes::new(at("16:00:00"), &timing, TimeDelta::minutes(extended_minutes))
    }

    #[test]
    fn call_end_subtracts_short_gap_and_adds_extension() {
        let check = |gap, extended, ends: &str| {
            assert_eq!(times(gap, extended).ends_at, at(ends), "gap {gap} s, {extended} min added")
        };
        check(0, 0, "16:05:00");
        check(30, 0, "16:04:30");
        check(60, 0, "16:05:00");
        check(30, 2, "16:06:30");
    }

    #[test]
    fn call_opens_ten_minutes_before_and_closes_at_its_end() {
        let check =
            |now: &str, expected| assert_eq!(times(30, 0).check(at(now)), expected, "at {now}");
        check("15:49:59", Err(Refusal::CallEarly));
        check("15:50:00", Ok(()));
        check("16:04:29", Ok(()));
        check("16:04:30", Err(Refusal::CallOver));
        assert_eq!(times(30, 1).check(at("16:05:00")), Ok(()));
    }

    #[test]
    fn extension_claims_each_minute_it_touches() {
        let first = i32::try_from(at("16:00:00").timestamp() / 60).unwrap();
        let check = |gap, extended, claimed: std::ops::Range<i32>, expected: &[i32]| {
            let claimed = claimed.map(|minute| first + minute).collect();
            let ends_at = times(gap, extended).ends_at;
            let minutes: Vec<i32> = minutes_to_claim(at("16:00:00"), ends_at, &claimed)
                .map(|minute| minute - first)
                .collect();
            assert_eq!(minutes, expected, "gap {gap} s, {extended} min added");
        };
        check(0, 0, 0..5, &[]);
        check(0, 1, 0..5, &[5]);
        check(30, 1, 0..5, &[5]);
        check(30, 2, 0..6, &[6]);
        check(60, 1, 0..5, &[5]);
    }
}
