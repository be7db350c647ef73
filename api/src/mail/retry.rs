//! When a mail that could not be sent is tried again, and when it is given up.

use chrono::TimeDelta;

/// The pauses after the first, second … try, in minutes: two days in all.
const PAUSES: [i64; 8] = [1, 5, 15, 60, 240, 480, 720, 1440];

/// How long to wait after so many tries; `None` when it is time to give up.
pub fn pause(tries: i32) -> Option<TimeDelta> {
    let index = usize::try_from(tries).ok()?.checked_sub(1)?;
    PAUSES.get(index).map(|minutes| TimeDelta::minutes(*minutes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end_after_two_days() {
        let pauses: Vec<TimeDelta> = (1..).map_while(pause).collect();
        assert_eq!(pauses[..4], [1, 5, 15, 60].map(TimeDelta::minutes));
        assert!(pauses.is_sorted());
        let all: TimeDelta = pauses.iter().sum();
        assert!(all >= TimeDelta::days(2) && all < TimeDelta::days(3), "{all}");
        assert_eq!(pause(9), None);
        assert_eq!(pause(0), None);
    }
}
