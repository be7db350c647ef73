//! How well a connection carries, from the browser's statistics (W3C webrtc-stats).

use super::object::Object;

/// What a person is told of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Quality {
    Poor,
    Fair,
    Good,
}

/// The counters of one moment.
#[derive(Clone, Copy, Default)]
pub(crate) struct Sample {
    /// There and back, in seconds.
    round_trip: f64,
    received: f64,
    lost: f64,
}

impl Sample {
    pub(crate) fn of(report: &[Object]) -> Self {
        let mut sample = Self::default();
        for entry in report {
            let number = |name: &str| entry.number_of(name).unwrap_or_default();
            match entry.text_of("type").as_str() {
                "candidate-pair" if entry.is("nominated") => {
                    sample.round_trip = sample.round_trip.max(number("currentRoundTripTime"))
                }
                "inbound-rtp" => {
                    sample.received += number("packetsReceived");
                    sample.lost += number("packetsLost");
                }
                _ => {}
            }
        }
        sample
    }

    /// What the time since an earlier moment was like.
    pub(crate) fn since(self, before: Self) -> Quality {
        let (received, lost) =
            ((self.received - before.received).max(0.0), (self.lost - before.lost).max(0.0));
        let loss = if received + lost > 0.0 { lost / (received + lost) } else { 0.0 };
        // Talk becomes laborious from some 200 ms one way on (ITU-T G.114), pictures break from a
        // few lost packets in a hundred.
        if self.round_trip > 0.5 || loss > 0.08 {
            Quality::Poor
        } else if self.round_trip > 0.25 || loss > 0.02 {
            Quality::Fair
        } else {
            Quality::Good
        }
    }
}
