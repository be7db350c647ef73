//! The addresses that events may be sent to: the public internet, and nothing inside the server's
//! own network. Names are resolved here, and the client connects only to the checked addresses, so
//! neither a changed DNS record nor a redirect gets round the check.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::{Ipv4Net, Ipv6Net};
use parlour_domain::Refusal;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;
use url::{Host, Url};

/// The addresses that webhooks may be sent to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AllowedAddresses {
    /// Public addresses over HTTPS.
    Public,
    /// Any address, also over HTTP: for a school's own network, and for tests.
    Anywhere,
}

/// The address is not one that events may be sent to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("the address is not public")]
pub struct NotPublic;

/// IPv4 networks that are not public, or whose addresses stand for others (IANA's registry of IPv4
/// special-purpose addresses, RFC 6890).
const BLOCKED_V4: [Ipv4Net; 16] = [
    v4([0, 0, 0, 0], 8),
    v4([10, 0, 0, 0], 8),
    v4([100, 64, 0, 0], 10),
    v4([127, 0, 0, 0], 8),
    v4([169, 254, 0, 0], 16),
    v4([172, 16, 0, 0], 12),
    v4([192, 0, 0, 0], 24),
    v4([192, 0, 2, 0], 24),
    v4([192, 88, 99, 0], 24),
    v4([192, 168, 0, 0], 16),
    v4([198, 18, 0, 0], 15),
    v4([198, 51, 100, 0], 24),
    v4([203, 0, 113, 0], 24),
    v4([224, 0, 0, 0], 4),
    v4([240, 0, 0, 0], 4),
    // Azure's metadata service, which has an ordinary public address.
    v4([168, 63, 129, 16], 32),
];

/// The IPv6 range of global unicast addresses (RFC 4291, 2.4; IANA's registry of IPv6 unicast
/// addresses).
const GLOBAL_V6: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// The parts of that range that are not public or stand for IPv4 addresses (IANA's registry of IPv6
/// special-purpose addresses; 6to4, RFC 3056).
const BLOCKED_V6: [Ipv6Net; 4] = [
    Ipv6Net::new_assert(Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    Ipv6Net::new_assert(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    Ipv6Net::new_assert(Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    Ipv6Net::new_assert(Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

const fn v4(address: [u8; 4], prefix: u8) -> Ipv4Net {
    let [a, b, c, d] = address;
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

fn is_public(address: IpAddr) -> bool {
    // For an IPv4-mapped IPv6 address the system connects to the IPv4 address (RFC 4291, 2.5.5.2).
    match address.to_canonical() {
        IpAddr::V4(address) => !BLOCKED_V4.iter().any(|net| net.contains(&address)),
        IpAddr::V6(address) => {
            GLOBAL_V6.contains(&address) && !BLOCKED_V6.iter().any(|net| net.contains(&address))
        }
    }
}

impl AllowedAddresses {
    fn allows(self, address: IpAddr) -> bool {
        self == Self::Anywhere || is_public(address)
    }

    /// Checks a URL just before a request, because an IP address in a URL is connected to without
    /// the resolver.
    ///
    /// # Errors
    /// [`NotPublic`].
    pub(super) fn check(self, url: &Url) -> Result<(), NotPublic> {
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) => None,
            None => return Err(NotPublic),
        };
        let is_encrypted = self == Self::Anywhere || url.scheme() == "https";
        if is_encrypted && literal.is_none_or(|address| self.allows(address)) {
            Ok(())
        } else {
            Err(NotPublic)
        }
    }
}

/// Checks the URL of an endpoint that staff entered, and returns it normalised. The host name is
/// not resolved here: its address may change, so it is checked at every request.
///
/// # Errors
/// [`Refusal::WebhookUrlRefused`] unless it is an `https` URL (with [`AllowedAddresses::Anywhere`]
/// also `http`) without user, password and fragment, whose host is a name or an allowed address.
pub fn check_url(given: &str, reach: AllowedAddresses) -> Result<String, Refusal> {
    let url = Url::parse(given.trim()).map_err(|_| Refusal::WebhookUrlRefused)?;
    let is_plain =
        url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let is_http = matches!(url.scheme(), "https" | "http");
    if is_plain && is_http && reach.check(&url).is_ok() {
        Ok(url.into())
    } else {
        Err(Refusal::WebhookUrlRefused)
    }
}

/// Resolves names as the system does, and returns only the allowed addresses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resolver(pub AllowedAddresses);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            // The port is a placeholder: the client uses the port of the URL.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> =
                found.filter(|address| reach.allows(address.ip())).collect();
            if allowed.is_empty() {
                Err(NotPublic.into())
            } else {
                Ok(Box::new(allowed.into_iter()) as Addrs)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, public: bool) {
        assert_eq!(is_public(address.parse().unwrap()), public, "{address}");
    }

    #[test]
    fn public_addresses_are_allowed() {
        for address in [
            "1.1.1.1",
            "93.184.215.14",
            "172.32.0.1",
            "100.128.0.1",
            "2606:4700::1111",
            "2a00:1450:4009::200e",
            "::ffff:1.1.1.1",
        ] {
            check(address, true);
        }
    }

    #[test]
    fn private_addresses_are_refused() {
        let v4 = [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
        ];
        let special = [
            "192.0.0.192",
            "198.18.0.1",
            "224.0.0.1",
            "239.255.255.255",
            "255.255.255.255",
            "168.63.129.16",
            "100.100.100.200",
        ];
        let v6 = [
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "fec0::1",
            "2001:db8::1",
            "2001::1",
            "2002:7f00:1::1",
            "64:ff9b::7f00:1",
        ];
        let mapped =
            ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1"];
        for address in v4.into_iter().chain(special).chain(v6).chain(mapped) {
            check(address, false);
        }
    }

    #[test]
    fn webhook_url_must_be_https_public_and_without_credentials() {
        let good = [
            "https://mis.example.org/hooks?school=7",
            "https://mis.example.org:8443",
            "https://1.1.1.1/x",
            "https://[2606:4700::1111]/",
        ];
        for url in good {
            assert!(check_url(url, AllowedAddresses::Public).is_ok(), "{url}");
        }
        // The URL standard reads unusual spellings such as 0x7f.1 as 127.0.0.1.
        let inside = [
            "https://127.0.0.1/",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://10.0.0.1/",
        ];
        for url in inside {
            assert_eq!(
                check_url(url, AllowedAddresses::Public),
                Err(Refusal::WebhookUrlRefused),
                "{url}"
            );
            assert!(check_url(url, AllowedAddresses::Anywhere).is_ok(), "{url}");
        }
        assert_eq!(
            check_url("http://mis.example.org/", AllowedAddresses::Public),
            Err(Refusal::WebhookUrlRefused)
        );
        let never = [
            "",
            "x",
            "/hooks",
            "ftp://mis.example.org/",
            "file:///etc/passwd",
            "https://",
            "https://me@mis.example.org/",
            "https://mis.example.org/#x",
        ];
        for url in never {
            assert_eq!(
                check_url(url, AllowedAddresses::Anywhere),
                Err(Refusal::WebhookUrlRefused),
                "{url}"
            );
        }
    }
}
