//! How much programs may ask: so many requests in each minute, told in the `RateLimit` headers
//! (draft-ietf-httpapi-ratelimit-headers-10). Each process counts by itself: with two nodes a
//! program may ask up to twice as much.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The length of a window, in seconds.
pub const WINDOW: i64 = 60;

/// What is left of a window, after a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quota {
    /// Requests in a window.
    pub quota: u32,
    /// What is left of them.
    pub left: u32,
    /// Seconds until the next window.
    pub reset: u32,
    /// This request was one too many.
    pub is_exceeded: bool,
}

/// The windows of all who are counted, by an id of theirs.
#[derive(Default)]
pub struct RateLimiter(Mutex<HashMap<Uuid, (i64, u32)>>);

impl RateLimiter {
    /// Counts a request.
    pub fn take(&self, who: Uuid, quota: u32, now: DateTime<Utc>) -> Quota {
        let window = now.timestamp().div_euclid(WINDOW);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !all.contains_key(&who) {
            // So that it does not grow for ever.
            all.retain(|_, (begun, _)| *begun == window);
        }
        let (begun, taken) = all.entry(who).or_insert((window, 0));
        if *begun != window {
            (*begun, *taken) = (window, 0);
        }
        let is_exceeded = *taken >= quota;
        if !is_exceeded {
            *taken += 1;
        }
        let reset = u32::try_from(WINDOW - now.timestamp().rem_euclid(WINDOW)).unwrap_or(1);
        Quota { quota, left: quota.saturating_sub(*taken), reset, is_exceeded }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_limit_resets_each_minute() {
        let (rates, client) = (RateLimiter::default(), Uuid::from_u128(1));
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let take = |time| rates.take(client, 2, at(time));
        assert_eq!(
            take("2026-11-26T16:00:50Z"),
            Quota { quota: 2, left: 1, reset: 10, is_exceeded: false }
        );
        assert_eq!(
            take("2026-11-26T16:00:51Z"),
            Quota { quota: 2, left: 0, reset: 9, is_exceeded: false }
        );
        assert_eq!(
            take("2026-11-26T16:00:52Z"),
            Quota { quota: 2, left: 0, reset: 8, is_exceeded: true }
        );
        assert!(
            !rates.take(Uuid::from_u128(2), 2, at("2026-11-26T16:00:52Z")).is_exceeded,
            "another's are its own"
        );
        assert_eq!(
            take("2026-11-26T16:01:00Z"),
            Quota { quota: 2, left: 1, reset: 60, is_exceeded: false }
        );
    }
}
