//! Domain names: one canonical form for all spellings, and a check that a mailbox can exist there.
//!
//! With the feature `domain_names`, a name is mapped by IDNA (UTS 46) and must end with one of
//! IANA's top-level domains. The web app omits the feature to stay small: it accepts more than the
//! server, which decides.

use crate::text::{is_full_stop, is_invisible, to_halfwidth};

/// The longest domain in the form of the DNS, in bytes (RFC 1035, 2.3.4).
const MAX_BYTES: usize = 253;

/// The canonical form of a domain that can have a mailbox: with a dot, mapped, in its own script.
/// `None` for IP addresses and for invalid names.
pub(crate) fn canonical(typed: &str) -> Option<String> {
    if typed.chars().any(is_invisible) {
        return None;
    }
    let plain: String =
        typed.chars().map(|c| if is_full_stop(c) { '.' } else { to_halfwidth(c) }).collect();
    let domain = to_ascii(&plain)?;
    let (_, top_level) = domain.rsplit_once('.')?;
    // No top-level domain has a digit (RFC 3696, 2), but every IPv4 address ends with one, whatever
    // its base and script. IPv6 addresses are refused because of their brackets.
    let is_top_level =
        top_level.chars().count() >= 2 && !top_level.chars().any(|c| c.is_numeric() || c == '-');
    (is_top_level && domain.len() <= MAX_BYTES).then_some(domain)
}

#[cfg(any(test, feature = "domain_names"))]
fn to_ascii(domain: &str) -> Option<String> {
    use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

    let uts46 = Uts46::new();
    let ascii = uts46
        .to_ascii(
            domain.as_bytes(),
            AsciiDenyList::STD3,
            Hyphens::CheckFirstLast,
            DnsLength::Verify,
        )
        .ok()?;
    let (unicode, valid) =
        uts46.to_unicode(ascii.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast);
    valid.ok().map(|()| unicode.into_owned())
}

#[cfg(not(any(test, feature = "domain_names")))]
fn to_ascii(domain: &str) -> Option<String> {
    let is_label = |label: &str| {
        let is_label_char = |c: char| {
            c.is_ascii_alphanumeric()
                || c == '-'
                || (!c.is_ascii() && !c.is_whitespace() && !c.is_control())
        };
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(is_label_char)
    };
    domain.split('.').all(is_label).then(|| domain.to_lowercase())
}

/// Returns whether a word is a top-level domain, in any case and script.
#[cfg(any(test, feature = "domain_names"))]
pub(crate) fn is_top_level(label: &str) -> bool {
    use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

    let ascii = Uts46::new().to_ascii(
        label.as_bytes(),
        AsciiDenyList::STD3,
        Hyphens::Allow,
        DnsLength::Verify,
    );
    ascii.is_ok_and(|ascii| tld::exist(&ascii))
}

/// Returns whether a word is one of the best-known top-level domains, in any case: a hint during
/// typing.
#[cfg(not(any(test, feature = "domain_names")))]
pub(crate) fn is_top_level(label: &str) -> bool {
    ["com", "net", "org"].iter().any(|known| label.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domain_spellings_are_canonicalized() {
        let check = |typed: &str, domain: &str| {
            assert_eq!(canonical(typed).as_deref(), Some(domain), "{typed:?}")
        };
        for typed in [
            "example.org",
            "EXAMPLE.org",
            "ⓔxample.org",
            "ｅｘａｍｐｌｅ．ｏｒｇ",
            "example。org",
            "example｡org",
            "𝐞xample.org",
            "ᴱxample.org",
        ] {
            check(typed, "example.org");
        }
        for typed in
            ["müller.de", "MÜLLER.de", "mu\u{308}ller.de", "xn--mller-kva.de", "XN--MLLER-KVA.DE"]
        {
            check(typed, "müller.de");
        }
        check("straße.de", "straße.de");
        check("пример.рф", "пример.рф");
        check("xn--e1afmkfd.xn--p1ai", "пример.рф");
        check("உதாரணம்.இந்தியா", "உதாரணம்.இந்தியா");
        check("a--b.example.org", "a--b.example.org");
    }

    #[test]
    fn ip_addresses_in_any_digits_are_refused() {
        for typed in [
            "127.0.0.1",
            "１２７.０.０.１",
            "127.0.0.١",
            "١٢٧.٠.٠.١",
            "127。0。0。1",
            "①②⑦.0.0.①",
            "0x7f.1",
            "0x7f.0x1",
            "2130706433.0",
            "example.1",
            "example.१",
            "[127.0.0.1]",
            "[::1]",
            "localhost",
            "example.c0m",
        ] {
            assert_eq!(canonical(typed), None, "{typed:?}");
        }
    }

    #[test]
    fn invalid_domains_are_refused() {
        for typed in [
            "",
            ".",
            "a.",
            ".org",
            "a..org",
            "-a.org",
            "a-.org",
            "a_b.org",
            "a b.org",
            "exa\u{ad}mple.org",
            "exam\u{200b}ple.org",
            "xn--a.org",
            "a.o",
        ] {
            assert_eq!(canonical(typed), None, "{typed:?}");
        }
        assert_eq!(canonical(&format!("{}.org", "a".repeat(64))), None);
        assert_eq!(canonical(&format!("{}org", "aa.".repeat(84))), None);
    }

    #[test]
    fn recognizes_iana_top_level_domains() {
        for label in ["com", "COM", "co", "рф", "РФ", "xn--p1ai", "中国", "museum", "ｃｏｍ"]
        {
            assert!(is_top_level(label), "{label}");
        }
        for label in ["john", "smith", "", "c", "xn--a", "jr"] {
            assert!(!is_top_level(label), "{label}");
        }
    }
}
