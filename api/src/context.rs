//! The clock, random numbers, and the context of a change with its time and new ids. Only this
//! module may read the system clock and draw random numbers.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use rand::{RngCore, SeedableRng, rngs::StdRng};
use uuid::{Builder, Uuid};

/// A clock.
pub trait Clock: Send + Sync + 'static {
    /// The current time in whole microseconds, the precision that both databases store.
    fn now(&self) -> DateTime<Utc>;

    /// The real time, even if the clock was moved. Access tokens expire by it, because API clients
    /// have clocks of their own.
    fn real(&self) -> DateTime<Utc> {
        self.now()
    }

    /// Sets the time. A running clock goes on from there. Only playgrounds and tests use it.
    fn move_to(&self, now: DateTime<Utc>);
}

/// The system clock, with an offset that playgrounds may change.
#[derive(Default)]
pub struct SystemClock {
    offset: Mutex<TimeDelta>,
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "only this module may read the system clock")]
    fn now(&self) -> DateTime<Utc> {
        truncated(Utc::now() + *self.offset.lock().unwrap_or_else(PoisonError::into_inner))
    }

    #[expect(clippy::disallowed_methods, reason = "only this module may read the system clock")]
    fn real(&self) -> DateTime<Utc> {
        truncated(Utc::now())
    }

    #[expect(clippy::disallowed_methods, reason = "only this module may read the system clock")]
    fn move_to(&self, now: DateTime<Utc>) {
        *self.offset.lock().unwrap_or_else(PoisonError::into_inner) = now - Utc::now();
    }
}

/// A clock that stands still until a test moves it.
pub struct FixedClock(Mutex<DateTime<Utc>>);

impl FixedClock {
    /// A clock at a given time.
    #[must_use]
    pub fn at(now: DateTime<Utc>) -> Self {
        Self(Mutex::new(truncated(now)))
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }

    /// Sets the clock.
    pub fn set(&self, now: DateTime<Utc>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = truncated(now);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn move_to(&self, now: DateTime<Utc>) {
        self.set(now);
    }
}

fn truncated(now: DateTime<Utc>) -> DateTime<Utc> {
    now.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(now)
}

/// A source of random numbers, seeded in tests.
#[derive(Clone)]
pub struct Random(Arc<Mutex<StdRng>>);

impl Random {
    /// A generator seeded by the operating system.
    #[must_use]
    pub fn from_os() -> Self {
        Self(Arc::new(Mutex::new(StdRng::from_os_rng())))
    }

    /// A generator with the same numbers at each start, for tests.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// Random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        bytes
    }
}

/// The time of one request and a source of ids. Every store function that writes takes it.
#[derive(Clone)]
pub struct Context {
    /// The time of the request.
    pub now: DateTime<Utc>,
    /// The id of the request; `None` in a job. Queued mails and webhooks store it for the log.
    pub request_id: Option<Uuid>,
    random: Random,
}

impl Context {
    /// A context without a request id.
    #[must_use]
    pub const fn new(now: DateTime<Utc>, random: Random) -> Self {
        Self { now, request_id: None, random }
    }

    /// The same context with a request id.
    #[must_use]
    pub fn for_request(self, request_id: Option<Uuid>) -> Self {
        Self { request_id, ..self }
    }

    /// The same source of ids at another time, for rows that must look as if they were made then.
    #[must_use]
    pub fn as_of(&self, now: DateTime<Utc>) -> Self {
        Self { now, ..self.clone() }
    }

    /// Makes a new `UUIDv7` (RFC 9562, 5.7), converted to an id type.
    #[must_use]
    pub fn new_id<T: From<Uuid>>(&self) -> T {
        let millis = u64::try_from(self.now.timestamp_millis()).unwrap_or_default();
        Builder::from_unix_timestamp_millis(millis, &self.random.bytes()).into_uuid().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moving_the_clock_keeps_real_time() {
        let clock = SystemClock::default();
        let (before, there) = (clock.real(), clock.now() + TimeDelta::days(300));
        clock.move_to(there);
        assert!(clock.now() >= there, "the clock was moved forward");
        assert!(
            clock.real() >= before && clock.real() < before + TimeDelta::days(1),
            "moving the clock leaves the real time unchanged"
        );
        clock.move_to(clock.real());
        assert!(clock.now() < there, "the clock was moved back");
    }
}
