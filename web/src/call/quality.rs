//! The counters of a connection, from the browser's statistics (W3C webrtc-stats).

pub(crate) use parlour_web_logic::quality::{Quality, Sample};

use super::object::Object;

/// Adds up the counters of a report.
pub(crate) fn sample_of(report: &[Object]) -> Sample {
    let mut sample = Sample::default();
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
