//! Limits of a call WebSocket: sizes, rates and timeouts.

use std::time::Duration;

use tokio::time::Instant;

/// The largest message of a call socket, in bytes.
pub const MAX_MESSAGE: usize = 32 * 1024;
/// The largest message of a connection check socket, in bytes.
pub const MAX_CHECK_MESSAGE: usize = 1024;
/// The rate of messages of a socket.
pub const MESSAGES: Rate = Rate { per_second: 50.0, burst: 200.0 };
/// The rate of bytes of a socket's messages.
pub const BYTES: Rate = Rate { per_second: 64.0 * 1024.0, burst: 512.0 * 1024.0 };
/// The rate of requests that reach the database: `join`, `send_code` and `extend` of a session,
/// over all of its sockets.
pub const REQUESTS: Rate = Rate { per_second: 1.0, burst: 5.0 };
/// Number of sockets a session that may have.
pub const SOCKETS: usize = 4;
/// The time between opening the socket and the first `join`.
pub const JOIN_TIMEOUT: Duration = Duration::from_secs(10);
/// The time to answer `move_here` or to find the code in the mail.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(600);
/// Time for which a connection check socket may be open.
pub const CHECK_TIMEOUT: Duration = Duration::from_secs(30);
/// Number of messages a connection check socket may send.
pub const CHECK_MESSAGES: u32 = 30;
/// Time for which a browser may take to accept a message.
pub const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// Number of messages that may wait for a browser before its socket is closed.
pub const SEND_QUEUE_LEN: usize = 256;

/// The rate of a token bucket.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// Amount added per second.
    per_second: f64,
    /// The capacity of the bucket, and so the largest burst.
    burst: f64,
}

/// A token bucket.
pub struct Bucket {
    rate: Rate,
    left: f64,
    at: Instant,
}

impl Bucket {
    /// A full bucket.
    #[must_use]
    pub const fn full(rate: Rate, now: Instant) -> Self {
        Self { rate, left: rate.burst, at: now }
    }

    /// Takes an amount; returns false, and takes nothing, when less than that is left.
    pub fn take(&mut self, amount: f64, now: Instant) -> bool {
        self.fill(now);
        let there = self.left >= amount;
        if there {
            self.left -= amount;
        }
        there
    }

    /// Reserves one token, and returns how long to wait for it.
    pub fn wait_for_one(&mut self, now: Instant) -> Duration {
        self.fill(now);
        self.left -= 1.0;
        Duration::from_secs_f64((-self.left / self.rate.per_second).max(0.0))
    }

    /// Returns whether the bucket has refilled.
    pub fn is_full(&mut self, now: Instant) -> bool {
        self.fill(now);
        self.left >= self.rate.burst
    }

    fn fill(&mut self, now: Instant) {
        self.left = now
            .duration_since(self.at)
            .as_secs_f64()
            .mul_add(self.rate.per_second, self.left)
            .min(self.rate.burst);
        self.at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_allow_a_burst_of_200_and_50_per_second() {
        let start = Instant::now();
        let mut bucket = Bucket::full(MESSAGES, start);
        let taken = |bucket: &mut Bucket, millis| {
            (0..1_000).filter(|_| bucket.take(1.0, start + Duration::from_millis(millis))).count()
        };
        assert_eq!(taken(&mut bucket, 0), 200);
        assert_eq!(taken(&mut bucket, 1_000), 50);
        assert_eq!(taken(&mut bucket, 60_000), 200);
    }

    #[test]
    fn largest_messages_may_burst_16_then_2_per_second() {
        let start = Instant::now();
        let mut bucket = Bucket::full(BYTES, start);
        let taken = |bucket: &mut Bucket, seconds| {
            (0..100)
                .filter(|_| bucket.take(32.0 * 1024.0, start + Duration::from_secs(seconds)))
                .count()
        };
        assert_eq!([0, 1, 60].map(|seconds| taken(&mut bucket, seconds)), [16, 2, 16]);
    }

    #[test]
    fn requests_allow_a_burst_of_5_and_1_per_second() {
        let start = Instant::now();
        let mut bucket = Bucket::full(REQUESTS, start);
        let waits: Vec<u64> = (0..8).map(|_| bucket.wait_for_one(start).as_secs()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 3]);
        assert_eq!(bucket.wait_for_one(start + Duration::from_secs(8)).as_secs(), 0);
        assert!(
            !bucket.is_full(start + Duration::from_secs(8))
                && bucket.is_full(start + Duration::from_secs(60))
        );
    }
}
