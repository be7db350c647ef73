//! Rate limits in windows of a minute, reported in the `RateLimit` headers
//! (draft-ietf-httpapi-ratelimit-headers-10). Each process counts separately: with two nodes an API
//! client may send up to twice as many requests.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The length of a window, in seconds.
pub const WINDOW: i64 = 60;

/// The state of a window after a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quota {
    /// Allowed requests per window.
    pub quota: u32,
    /// Requests left in this window.
    pub left: u32,
    /// Seconds until the next window.
    pub reset: u32,
    /// True if this request exceeded the quota.
    pub is_exceeded: bool,
}

/// The current window of each subject, by its id.
#[derive(Default)]
pub struct RateLimiter(Mutex<HashMap<Uuid, (i64, u32)>>);

impl RateLimiter {
    /// Counts a request of a subject. An exceeding request is not counted.
    pub fn take(&self, who: Uuid, quota: u32, now: DateTime<Utc>) -> Quota {
        let window = now.timestamp().div_euclid(WINDOW);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !all.contains_key(&who) {
            // Removes old windows so that the map does not grow without limit.
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
            "each client has its own quota"
        );
        assert_eq!(
            take("2026-11-26T16:01:00Z"),
            Quota { quota: 2, left: 1, reset: 60, is_exceeded: false }
        );
    }
}
