//! Counters of a connection, read from the browser's statistics (W3C webrtc-stats).

pub(crate) use parlour_web_logic::quality::{Quality, Sample};

use super::js_object::JsObject;

/// Adds up the counters of a statistics report.
pub(crate) fn sample_of(report: &[JsObject]) -> Sample {
    let mut sample = Sample::default();
    for entry in report {
        let number = |name: &str| entry.number_of(name).unwrap_or_default();
        match entry.text_of("type").as_str() {
            "candidate-pair" if entry.is_true("nominated") => {
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
