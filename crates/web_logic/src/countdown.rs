//! Countdown of a call: the time until it begins or ends, and the urgency.

/// The urgency of a call's end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Urgency {
    /// The call has not begun.
    Before,
    /// More than a minute is left.
    Calm,
    /// Up to a minute is left.
    Soon,
    /// Up to ten seconds are left.
    Last,
}

impl Urgency {
    /// Returns the urgency of a call from its start, its end and the server's time, in
    /// milliseconds.
    #[must_use]
    pub const fn at(starts_at: i64, ends_at: i64, now: i64) -> Self {
        if now < starts_at {
            Self::Before
        } else if ends_at - now <= 10_000 {
            Self::Last
        } else if ends_at - now <= 60_000 {
            Self::Soon
        } else {
            Self::Calm
        }
    }
}

/// Formats the time left until `until`; both arguments are in milliseconds. Writes `4:05`, or
/// `1:02:03` from one hour on. A started second counts as a whole one.
#[must_use]
pub fn time_left(until: i64, now: i64) -> String {
    let left = (until - now).max(0);
    let seconds = left.div_euclid(1000) + i64::from(left % 1000 > 0);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_written_in_minutes_and_seconds() {
        let check = |left: i64, text: &str| {
            assert_eq!(time_left(5_000_000 + left, 5_000_000), text, "{left}");
        };
        check(-1, "0:00");
        check(0, "0:00");
        check(1, "0:01");
        check(1000, "0:01");
        check(1001, "0:02");
        check(59_999, "1:00");
        check(245_000, "4:05");
        check(3_599_000, "59:59");
        check(3_600_000, "1:00:00");
        check(3_723_000, "1:02:03");
        check(360_000_000, "100:00:00");
    }

    #[test]
    fn the_end_becomes_urgent_a_minute_before() {
        let check = |now: i64, urgency: Urgency| {
            assert_eq!(Urgency::at(100_000, 400_000, now), urgency, "{now}");
        };
        check(0, Urgency::Before);
        check(99_999, Urgency::Before);
        check(100_000, Urgency::Calm);
        check(339_999, Urgency::Calm);
        check(340_000, Urgency::Soon);
        check(389_999, Urgency::Soon);
        check(390_000, Urgency::Last);
        check(500_000, Urgency::Last);
    }

    proptest::proptest! {
        #[test]
        fn the_text_counts_the_seconds_that_are_left(left in 0..1_000_000_000_i64) {
            let seconds = time_left(left, 0)
                .split(':')
                .fold(0, |sum, part| sum * 60 + part.parse::<i64>().unwrap());
            proptest::prop_assert!(seconds * 1000 >= left && (seconds - 1) * 1000 < left);
        }
    }
}
