//! The retry policy of mails: the delay before each retry, and when to give up.

use chrono::TimeDelta;

/// The backoff after each failed attempt, in minutes: two days in all.
const BACKOFF: [i64; 8] = [1, 5, 15, 60, 240, 480, 720, 1440];

/// The delay after `tries` attempts; `None` when it is time to give up.
pub fn backoff(tries: i32) -> Option<TimeDelta> {
    let index = usize::try_from(tries).ok()?.checked_sub(1)?;
    BACKOFF.get(index).map(|minutes| TimeDelta::minutes(*minutes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_grows_and_ends_after_two_days() {
        let pauses: Vec<TimeDelta> = (1..).map_while(backoff).collect();
        assert_eq!(pauses[..4], [1, 5, 15, 60].map(TimeDelta::minutes));
        assert!(pauses.is_sorted());
        let all: TimeDelta = pauses.iter().sum();
        assert!(all >= TimeDelta::days(2) && all < TimeDelta::days(3), "{all}");
        assert_eq!(backoff(9), None);
        assert_eq!(backoff(0), None);
    }
}
