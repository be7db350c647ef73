//! Rate limit for mails that a parent's changes send to their guest, who is a stranger to the
//! school: a few mails an hour; later changes are collected into one mail that still leaves in
//! time.

use chrono::{DateTime, TimeDelta, Utc};

/// The maximum number of mails per hour to a guest about the parent's changes.
pub const MAX_PER_HOUR: usize = 4;

/// The period in which these mails are counted.
pub const WINDOW: TimeDelta = TimeDelta::hours(1);

/// A delayed mail leaves at least this long before the first appointment that it is about.
pub const LEAD_TIME: TimeDelta = TimeDelta::minutes(30);

/// The minimum pause between two delayed mails that leave early because of an appointment.
pub const MIN_PAUSE: TimeDelta = TimeDelta::minutes(2);

/// Time when the next mail leaves. `recent` contains the times of earlier mails; `starts_at` is the
/// next appointment that the mail is about, at its old or new time.
#[must_use]
pub fn send_at(
    now: DateTime<Utc>,
    recent: &[DateTime<Utc>],
    starts_at: Option<DateTime<Utc>>,
) -> DateTime<Utc> {
    let mut recent: Vec<DateTime<Utc>> =
        recent.iter().copied().filter(|at| *at > now - WINDOW).collect();
    recent.sort_unstable();
    let Some(counted) = recent.len().checked_sub(MAX_PER_HOUR) else { return now };
    let (Some(free_at), Some(last)) = (recent.get(counted).map(|at| *at + WINDOW), recent.last())
    else {
        return now;
    };
    let in_time =
        starts_at.filter(|at| *at > now).map(|at| (at - LEAD_TIME).max(*last + MIN_PAUSE));
    in_time.map_or(free_at, |in_time| in_time.min(free_at)).max(now)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(minute * 60, 0).unwrap()
    }

    fn all(minutes: &[i64]) -> Vec<DateTime<Utc>> {
        minutes.iter().copied().map(at).collect()
    }

    #[test]
    fn guest_mails_after_the_fourth_are_delayed() {
        let check = |now, recent: &[i64], starts_at: Option<i64>, expected| {
            assert_eq!(
                send_at(at(now), &all(recent), starts_at.map(at)),
                at(expected),
                "{now} {recent:?} {starts_at:?}"
            );
        };
        check(100, &[], None, 100);
        check(100, &[97, 98, 99], None, 100);
        // The fifth waits until the first of the four is an hour old.
        check(100, &[96, 97, 98, 99], None, 156);
        check(100, &[99, 97, 98, 96, 95], None, 156);
        // Older ones don't count.
        check(100, &[40, 97, 98, 99], None, 100);
        // The mail leaves in time for the appointment; one that has already begun causes no hurry.
        check(100, &[96, 97, 98, 99], Some(150), 120);
        check(100, &[96, 97, 98, 99], Some(500), 156);
        check(100, &[96, 97, 98, 99], Some(100), 156);
        // Shortly before the appointment, mails leave one by one.
        check(100, &[96, 97, 98, 99], Some(105), 101);
        check(103, &[96, 97, 98, 99], Some(105), 103);
    }

    proptest! {
        #[test]
        fn guest_mail_leaves_within_an_hour(
            now in 0i64..1000,
            recent in prop::collection::vec(0i64..1000, 0..12),
            starts in prop::option::of(0i64..1200),
        ) {
            let recent: Vec<i64> = recent.into_iter().filter(|minute| *minute <= now).collect();
            let leaves = send_at(at(now), &all(&recent), starts.map(at));
            prop_assert!(leaves >= at(now) && leaves <= at(now) + WINDOW);
            if let Some(starts) = starts.filter(|starts| *starts > now + 30) {
                prop_assert!(leaves <= at(starts - 28));
            }
        }
    }
}
