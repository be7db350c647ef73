//! Rate limits that slow down instead of blocking: a bucket that regains one token after each
//! interval. Holds no state and no clock.

use chrono::{DateTime, TimeDelta, Utc};

/// A rate limit: a burst, and then one token per interval (the generic cell rate algorithm, ITU-T
/// I.371).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Throttle {
    /// The maximum number of tokens taken at once.
    pub burst: i32,
    /// The interval after which one more token is available.
    pub interval: TimeDelta,
}

impl Throttle {
    /// Takes one token and returns the time at which the bucket is full again; the caller stores
    /// it. `full_at` is the time that the last call returned; `None` or a past time means a full
    /// bucket.
    ///
    /// # Errors
    /// The time to wait until a token is available.
    pub fn take(
        self,
        full_at: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, TimeDelta> {
        let next = full_at.map_or(now, |full_at| full_at.max(now)) + self.interval;
        let wait = next - now - self.interval * self.burst;
        if wait > TimeDelta::zero() { Err(wait) } else { Ok(next) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREE: Throttle = Throttle { burst: 3, interval: TimeDelta::seconds(10) };

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
    }

    #[test]
    fn throttle_allows_a_burst_then_one_per_interval() {
        let mut full_at = None;
        for _ in 0..3 {
            full_at = Some(THREE.take(full_at, at(0)).unwrap());
        }
        assert_eq!(THREE.take(full_at, at(0)), Err(TimeDelta::seconds(10)));
        assert_eq!(THREE.take(full_at, at(7)), Err(TimeDelta::seconds(3)));
        full_at = Some(THREE.take(full_at, at(10)).unwrap());
        assert_eq!(THREE.take(full_at, at(10)), Err(TimeDelta::seconds(10)));
        assert_eq!(THREE.take(full_at, at(40)), Ok(at(50)), "the bucket is full again");
    }

    #[test]
    fn throttle_rate_converges_to_the_interval() {
        let (mut full_at, mut taken) = (None, 0);
        for second in 0..1_000 {
            if let Ok(next) = THREE.take(full_at, at(second)) {
                (full_at, taken) = (Some(next), taken + 1);
            }
        }
        assert_eq!(taken, 3 + 999 / 10);
    }
}
