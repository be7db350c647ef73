//! Strips network addresses from the signals between a parent's and a guest's browser, so that only
//! the path through the TURN relay is left (RFC 8839).

use parlour_wire::{Signal, SignalKind};

/// The unspecified address, with which a relayed candidate may hide its related address (RFC 8445,
/// 9).
const UNSPECIFIED_ADDRESS: &str = "0.0.0.0";

/// The signal with no address but the relay's; `None` when nothing of it is left.
#[must_use]
pub fn strip_addresses(signal: Signal) -> Option<Signal> {
    let data = match signal.kind {
        // An empty candidate marks the end of candidates.
        SignalKind::Candidate if signal.data.is_empty() => return Some(signal),
        SignalKind::Candidate => candidate(&signal.data)?,
        SignalKind::Offer | SignalKind::Answer => description(&signal.data),
    };
    Some(Signal { data, ..signal })
}

/// A relayed candidate without the address behind it, such as `candidate:1 1 udp 41885439
/// 203.0.113.10 50000 typ relay raddr 192.0.2.7 rport 40000`; `None` for any other candidate.
fn candidate(line: &str) -> Option<String> {
    let mut words: Vec<&str> = line.split_ascii_whitespace().collect();
    if words.get(6..8)? != ["typ", "relay"] {
        return None;
    }
    for pair in words.get_mut(8..)?.chunks_mut(2) {
        match pair {
            ["raddr", address] => *address = UNSPECIFIED_ADDRESS,
            ["rport", port] => *port = "9",
            _ => {}
        }
    }
    Some(words.join(" "))
}

fn description(sdp: &str) -> String {
    let mut lines = String::with_capacity(sdp.len());
    for line in
        sdp.split('\n').map(|line| line.trim_end_matches('\r')).filter(|line| !line.is_empty())
    {
        let Some(line) = of_description(line) else { continue };
        lines.push_str(&line);
        lines.push_str("\r\n");
    }
    lines
}

/// A line of a session description without the browser's own address; `None` if the line must be
/// dropped.
fn of_description(line: &str) -> Option<String> {
    if let Some(found) = line.strip_prefix("a=candidate:") {
        return candidate(&format!("candidate:{found}")).map(|line| format!("a={line}"));
    }
    if line.starts_with("a=remote-candidates:") {
        return None;
    }
    if line.starts_with("c=") {
        return Some(format!("c=IN IP4 {UNSPECIFIED_ADDRESS}"));
    }
    if line.starts_with("a=rtcp:") {
        return Some(format!("a=rtcp:9 IN IP4 {UNSPECIFIED_ADDRESS}"));
    }
    if let Some(origin) = line.strip_prefix("o=") {
        let words: Vec<&str> = origin.split(' ').take(3).collect();
        return Some(format!("o={} IN IP4 {UNSPECIFIED_ADDRESS}", words.join(" ")));
    }
    Some(line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SDP: &str = "v=0\r\no=- 46117 2 IN IP4 192.0.2.7\r\ns=-\r\nt=0 0\r\nm=audio 40000 \
                       UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 192.0.2.7\r\na=rtcp:40001 IN IP4 \
                       192.0.2.7\r\na=candidate:1 1 udp 2113937151 192.0.2.7 40000 typ host \
                       generation 0\r\na=candidate:2 1 udp 1677729535 198.51.100.4 40000 typ \
                       srflx raddr 192.0.2.7 rport 40000\r\na=candidate:3 1 udp 41885439 \
                       203.0.113.10 50000 typ relay raddr 198.51.100.4 rport 40000 generation \
                       0\r\na=ice-ufrag:x\r\n";

    fn signal(kind: SignalKind, data: &str) -> Signal {
        Signal {
            attempt: 1,
            kind,
            data: data.to_owned(),
            sdp_mid: Some("0".to_owned()),
            sdp_m_line_index: Some(0),
        }
    }

    #[test]
    fn only_relay_candidates_are_forwarded() {
        let left = |data: &str| {
            strip_addresses(signal(SignalKind::Candidate, data)).map(|signal| signal.data)
        };
        for direct in [
            "candidate:1 1 udp 2113937151 192.0.2.7 40000 typ host",
            "candidate:1 1 udp 2113937151 0b5e.local 40000 typ host generation 0",
            "candidate:2 1 udp 1677729535 198.51.100.4 40000 typ srflx raddr 192.0.2.7 rport 40000",
            "candidate:2 1 udp 1677729535 198.51.100.4 40000 typ prflx raddr 192.0.2.7 rport 40000",
            "candidate:1 1 udp 1 192.0.2.7 1 typ host typ relay",
            "nonsense",
        ] {
            assert_eq!(left(direct), None, "{direct}");
        }
        let relayed = "candidate:3 1 udp 41885439 203.0.113.10 50000 typ relay raddr 198.51.100.4 \
                       rport 40000 generation 0";
        assert_eq!(
            left(relayed).unwrap(),
            "candidate:3 1 udp 41885439 203.0.113.10 50000 typ relay raddr 0.0.0.0 rport 9 \
             generation 0"
        );
        assert_eq!(left(""), Some(String::new()));
    }

    #[test]
    fn session_description_contains_only_the_relay_address() {
        for kind in [SignalKind::Offer, SignalKind::Answer] {
            let left = strip_addresses(signal(kind, SDP)).unwrap();
            assert!(
                !left.data.contains("192.0.2.7") && !left.data.contains("198.51.100.4"),
                "{}",
                left.data
            );
            assert!(
                left.data.contains("203.0.113.10 50000 typ relay")
                    && left.data.contains("a=ice-ufrag:x\r\n")
                    && left.data.contains("o=- 46117 2 IN IP4 0.0.0.0")
            );
            assert_eq!((left.attempt, left.sdp_mid.as_deref()), (1, Some("0")));
        }
    }
}
