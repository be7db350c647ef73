//! The network address of a client, for rate limits and throttles. Behind trusted proxies it is
//! read from their header.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use actix_web::{HttpRequest, http::header::HeaderMap};
use parlour_domain::id::SchoolId;

use crate::{app::App, config::TrustedProxies};

/// A keyed hash of the school and the client's network, so that throttles need not store the
/// address. An IPv6 client is counted by its /64 prefix.
#[must_use]
pub fn client_hash(app: &App, school: SchoolId, req: &HttpRequest) -> String {
    let address = client_address(app.config.proxies.as_ref(), req.headers(), req.peer_addr());
    let network = address.map(network).map(|network| network.to_string()).unwrap_or_default();
    app.keys.hash("client", format!("{} {network}", school.0).as_bytes())
}

/// The client's address. With `hops` trusted proxies it is the entry that the outermost of them
/// appended to the header. If the header has too few entries or one that is not an address, the
/// peer address of the TCP connection is used.
fn client_address(
    proxies: Option<&TrustedProxies>,
    headers: &HeaderMap,
    peer: Option<SocketAddr>,
) -> Option<IpAddr> {
    let peer = peer.map(|peer| peer.ip());
    let Some(proxies) = proxies.filter(|proxies| proxies.hops > 0) else { return peer };
    let lines: Option<Vec<&str>> =
        headers.get_all(proxies.header.as_str()).map(|value| value.to_str().ok()).collect();
    let is_rfc_7239 = proxies.header.eq_ignore_ascii_case("forwarded");
    let elements = lines.and_then(|lines| {
        lines
            .into_iter()
            .map(|line| if is_rfc_7239 { forwarded(line) } else { list(line) })
            .collect::<Option<Vec<_>>>()
    });
    let addresses: Vec<IpAddr> = elements.into_iter().flatten().flatten().collect();
    addresses
        .len()
        .checked_sub(proxies.hops)
        .and_then(|outermost| addresses.get(outermost).copied())
        .or(peer)
}

/// The network that counts as one client: the /64 prefix for IPv6, the whole address for IPv4.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Parses the addresses of one line of `X-Forwarded-For` or a similar header.
fn list(line: &str) -> Option<Vec<IpAddr>> {
    line.split(',').map(|element| node(element.trim_matches([' ', '\t']))).collect()
}

/// Parses the addresses of one line of `Forwarded` (RFC 7239). Each element must have exactly one
/// `for`.
fn forwarded(line: &str) -> Option<Vec<IpAddr>> {
    split_outside_quotes(line, ',')?.into_iter().map(forwarded_for).collect()
}

fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut found = None;
    for pair in split_outside_quotes(element, ';')? {
        let (name, value) = pair.trim_matches([' ', '\t']).split_once('=')?;
        if name.eq_ignore_ascii_case("for") {
            let value = value
                .strip_prefix('"')
                .and_then(|quoted| quoted.strip_suffix('"'))
                .unwrap_or(value);
            if found.replace(node(value)?).is_some() {
                return None;
            }
        }
    }
    found
}

/// Splits a text at the separators outside of quoted strings. Returns `None` for an unclosed quote
/// and for a backslash: no address needs an escape (RFC 9110, 5.6.4).
fn split_outside_quotes(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut parts, mut begin, mut is_quoted) = (Vec::new(), 0, false);
    for (place, letter) in text.char_indices() {
        match letter {
            '\\' => return None,
            '"' => is_quoted = !is_quoted,
            _ if letter == separator && !is_quoted => {
                parts.push(&text[begin..place]);
                begin = place + letter.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[begin..]);
    (!is_quoted).then_some(parts)
}

/// Parses an IP address: alone, in brackets, or with a port.
fn node(text: &str) -> Option<IpAddr> {
    let bracketed =
        || text.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    text.parse()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
        .or_else(bracketed)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    const PEER: &str = "10.0.0.9";

    #[track_caller]
    fn check(header: &str, hops: usize, lines: &[&str], expected: &str) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(
                header.parse::<HeaderName>().unwrap(),
                HeaderValue::from_str(line).unwrap(),
            );
        }
        let proxies = TrustedProxies { hops, header: header.to_owned() };
        let found = client_address(
            Some(&proxies),
            &headers,
            Some(SocketAddr::new(PEER.parse().unwrap(), 4711)),
        );
        assert_eq!(found, Some(expected.parse().unwrap()), "{header} {hops} {lines:?}");
    }

    #[test]
    fn client_is_the_last_untrusted_hop() {
        let name = "x-forwarded-for";
        check(name, 0, &["203.0.113.7"], PEER);
        check(name, 1, &["203.0.113.7"], "203.0.113.7");
        check(name, 1, &["198.51.100.1, 203.0.113.7"], "203.0.113.7");
        check(name, 2, &["198.51.100.1, 203.0.113.7,10.0.0.1"], "203.0.113.7");
        check(name, 2, &["198.51.100.1", "203.0.113.7", "10.0.0.1"], "203.0.113.7");
        check(name, 3, &["203.0.113.7, 10.0.0.1"], PEER);
        check(name, 1, &[], PEER);
    }

    #[test]
    fn accepts_an_address_with_port() {
        for (given, expected) in [
            ("203.0.113.7:4711", "203.0.113.7"),
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("[2001:db8::7]:4711", "2001:db8::7"),
            ("::ffff:203.0.113.7", "::ffff:203.0.113.7"),
        ] {
            check("x-forwarded-for", 1, &[given], expected);
            check("x-real-ip", 1, &[given], expected);
        }
    }

    #[test]
    fn ignores_malformed_x_forwarded_for() {
        for bad in [
            "",
            "unknown",
            "203.0.113.7,",
            ",203.0.113.7",
            "203.0.113.7 198.51.100.1",
            "203.0.113",
            "203.0.113.7:x",
            "a, 203.0.113.7",
            "[::1",
            "fe80::1%eth0",
        ] {
            check("x-forwarded-for", 1, &[bad], PEER);
        }
        check("x-forwarded-for", 1, &["203.0.113.7", "unknown"], PEER);
    }

    #[test]
    fn parses_forwarded_header() {
        for (given, hops, expected) in [
            ("for=203.0.113.7", 1, "203.0.113.7"),
            ("For=\"[2001:db8::7]:4711\";proto=https;by=10.0.0.1", 1, "2001:db8::7"),
            ("for=198.51.100.1, for=203.0.113.7;host=\"a,b;c\"", 1, "203.0.113.7"),
            ("for=203.0.113.7, for=10.0.0.1", 2, "203.0.113.7"),
            ("proto=https;for=\"203.0.113.7:80\"", 1, "203.0.113.7"),
            ("for=unknown", 1, PEER),
            ("for=_hidden, for=203.0.113.7", 1, PEER),
            ("proto=https", 1, PEER),
            ("for=203.0.113.7;for=198.51.100.1", 1, PEER),
            ("for=\"203.0.113.7", 1, PEER),
            ("for=\"203.0.113.7\\\"\"", 1, PEER),
            ("203.0.113.7", 1, PEER),
        ] {
            check("forwarded", hops, &[given], expected);
        }
    }

    #[test]
    fn network_is_the_64_prefix_for_ipv6_and_ipv4_if_mapped() {
        let network = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("2001:db8:1:2::9"), network("2001:db8:1:2:ffff::1"));
        assert_ne!(network("2001:db8:1:3::9"), network("2001:db8:1:2::9"));
        assert_eq!(network("::ffff:203.0.113.7"), "203.0.113.7");
    }
}
