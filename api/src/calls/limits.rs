//! What one WebSocket may do to the server: how much, how fast, how long without a word.

use std::time::Duration;

use tokio::time::Instant;

/// The largest message, in bytes.
pub const MAX_MESSAGE: usize = 32 * 1024;
/// The largest one to a socket that only checks the way.
pub const MAX_CHECK: usize = 1024;
/// Messages a second, over time.
const RATE: f64 = 50.0;
/// Messages at once.
const BURST: f64 = 200.0;
/// From opening the socket to the first `join`.
pub const JOIN_WITHIN: Duration = Duration::from_secs(10);
/// To answer `move_here` or to find the code in the mail.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(600);
/// How often a browser is pinged. It answers by itself, also in a tab whose timers are slowed down.
pub const PING_EVERY: Duration = Duration::from_secs(3);
/// A browser that was not heard for so long has vanished: three answers are missing.
pub const SILENCE: Duration = Duration::from_secs(9);
/// How long a socket that only checks the way to the server may be open.
pub const CHECK_LIFE: Duration = Duration::from_secs(30);
/// How many messages it may bring.
pub const CHECK_MESSAGES: u32 = 30;
/// How long a browser may take to take a message.
pub const SEND_WITHIN: Duration = Duration::from_secs(10);
/// How many messages wait for a browser before it is given up.
pub const QUEUE: usize = 256;

/// A bucket of [`BURST`] messages that fills by [`RATE`] a second.
pub struct Bucket {
    left: f64,
    at: Instant,
}

impl Bucket {
    /// A full one.
    #[must_use]
    pub const fn full(now: Instant) -> Self {
        Self { left: BURST, at: now }
    }

    /// Takes one message out; false when there is none.
    pub fn take(&mut self, now: Instant) -> bool {
        self.left = now.duration_since(self.at).as_secs_f64().mul_add(RATE, self.left).min(BURST);
        self.at = now;
        let there = self.left >= 1.0;
        if there {
            self.left -= 1.0;
        }
        there
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_hundred_at_once_and_fifty_a_second() {
        let start = Instant::now();
        let mut bucket = Bucket::full(start);
        let taken = |bucket: &mut Bucket, millis| (0..1_000).filter(|_| bucket.take(start + Duration::from_millis(millis))).count();
        assert_eq!(taken(&mut bucket, 0), 200);
        assert_eq!(taken(&mut bucket, 1_000), 50);
        assert_eq!(taken(&mut bucket, 60_000), 200);
    }
}
