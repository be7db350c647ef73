//! What every change is made with: the time and new ids. The one place that reads the clock and
//! draws random numbers.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use rand::{RngCore, SeedableRng, rngs::StdRng};
use uuid::{Builder, Uuid};

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// Now, in whole microseconds: what both databases can hold.
    fn now(&self) -> DateTime<Utc>;

    /// Now, however the time was moved: by this expire the tokens of programs, which have clocks of
    /// their own.
    fn real(&self) -> DateTime<Utc> {
        self.now()
    }

    /// Makes it another time from here on; a clock that runs goes on running. Only playgrounds do
    /// it.
    fn move_to(&self, now: DateTime<Utc>);
}

/// The machine's clock, moved by an offset that demo and development modes may change.
#[derive(Default)]
pub struct SystemClock {
    offset: Mutex<TimeDelta>,
}

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that may read the machine's clock"
    )]
    fn now(&self) -> DateTime<Utc> {
        truncated(Utc::now() + *self.offset.lock().unwrap_or_else(PoisonError::into_inner))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that may read the machine's clock"
    )]
    fn real(&self) -> DateTime<Utc> {
        truncated(Utc::now())
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that may read the machine's clock"
    )]
    fn move_to(&self, now: DateTime<Utc>) {
        *self.offset.lock().unwrap_or_else(PoisonError::into_inner) = now - Utc::now();
    }
}

/// A clock that stands still until a test moves it.
pub struct FixedClock(Mutex<DateTime<Utc>>);

impl FixedClock {
    /// Starts at a time.
    #[must_use]
    pub fn at(now: DateTime<Utc>) -> Self {
        Self(Mutex::new(truncated(now)))
    }

    /// Moves it on.
    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }

    /// Sets it.
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
    /// From the operating system's randomness.
    #[must_use]
    pub fn from_os() -> Self {
        Self(Arc::new(Mutex::new(StdRng::from_os_rng())))
    }

    /// The same numbers at each start, for tests.
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

/// The time of one request and a source of ids: passed to every store function that writes.
#[derive(Clone)]
pub struct Context {
    /// When the request is taken to happen.
    pub now: DateTime<Utc>,
    /// The request that it is made for; none in a job. Queued mails and webhooks keep it, for the
    /// log.
    pub request_id: Option<Uuid>,
    random: Random,
}

impl Context {
    /// A context for one request.
    #[must_use]
    pub const fn new(now: DateTime<Utc>, random: Random) -> Self {
        Self { now, request_id: None, random }
    }

    /// The same, for a request.
    #[must_use]
    pub fn for_request(self, request_id: Option<Uuid>) -> Self {
        Self { request_id, ..self }
    }

    /// The same source of ids at another time, for what is to stand in the database as if it had
    /// been made then.
    #[must_use]
    pub fn as_of(&self, now: DateTime<Utc>) -> Self {
        Self { now, ..self.clone() }
    }

    /// A new `UUIDv7` (RFC 9562, 5.7) of the kind that is asked for.
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
        assert!(clock.now() >= there, "it is that time");
        assert!(
            clock.real() >= before && clock.real() < before + TimeDelta::days(1),
            "tokens of programs expire by the machine's time"
        );
        clock.move_to(clock.real());
        assert!(clock.now() < there, "and back");
    }
}
