//! Connection quality, computed from the browser's counters (W3C webrtc-stats).

/// The quality that is shown to a person.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Quality {
    /// Speech and pictures break up.
    Poor,
    /// Talking becomes laborious.
    Fair,
    /// The person notices nothing.
    Good,
}

/// The counters at one moment.
#[derive(Clone, Copy, Default, Debug)]
pub struct Sample {
    /// The round-trip time, in seconds.
    pub round_trip: f64,
    /// The number of packets received.
    pub received: f64,
    /// The number of packets lost.
    pub lost: f64,
}

impl Sample {
    /// Returns the quality of the interval between `before` and this sample.
    #[must_use]
    pub fn since(self, before: Self) -> Quality {
        let (received, lost) =
            ((self.received - before.received).max(0.0), (self.lost - before.lost).max(0.0));
        let loss = if received + lost > 0.0 { lost / (received + lost) } else { 0.0 };
        // Talking becomes laborious from about 200 ms of one-way delay (ITU-T G.114); pictures
        // break up from a packet loss of a few per cent.
        if self.round_trip > 0.5 || loss > 0.08 {
            Quality::Poor
        } else if self.round_trip > 0.25 || loss > 0.02 {
            Quality::Fair
        } else {
            Quality::Good
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quality_goes_by_delay_and_by_what_was_lost_since() {
        let check = |round_trip: f64, received: f64, lost: f64, quality: Quality| {
            let before = Sample { round_trip: 9.0, received: 1000.0, lost: 500.0 };
            let now = Sample { round_trip, received: 1000.0 + received, lost: 500.0 + lost };
            assert_eq!(now.since(before), quality, "{round_trip} s, {lost} lost, {received} here");
        };
        check(0.0, 0.0, 0.0, Quality::Good);
        check(0.25, 98.0, 2.0, Quality::Good);
        check(0.26, 100.0, 0.0, Quality::Fair);
        check(0.5, 100.0, 0.0, Quality::Fair);
        check(0.1, 97.0, 3.0, Quality::Fair);
        check(0.51, 100.0, 0.0, Quality::Poor);
        check(0.1, 91.0, 9.0, Quality::Poor);
        check(0.1, 0.0, 1.0, Quality::Poor);
        // A rebuilt connection counts from zero again.
        check(0.1, -1000.0, -500.0, Quality::Good);
    }
}
