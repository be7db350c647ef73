//! Email addresses: what counts as one, when two are the same, and which typo was likely meant otherwise.

use std::fmt;

use crate::Refusal;

/// The longest address that mail can carry, in bytes (RFC 5321, 4.5.3.1.3).
pub const MAX_BYTES: usize = 254;

/// Domains that families really use; a domain one edit away from one of them is likely a typo.
const KNOWN_DOMAINS: [&str; 16] = [
    "gmail.com",
    "googlemail.com",
    "hotmail.com",
    "hotmail.co.uk",
    "outlook.com",
    "live.com",
    "live.co.uk",
    "yahoo.com",
    "yahoo.co.uk",
    "icloud.com",
    "me.com",
    "btinternet.com",
    "aol.com",
    "sky.com",
    "proton.me",
    "protonmail.com",
];

/// An address that mail can be sent to: trimmed, a domain with a dot, no IP address.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Takes an address as a person types it.
    ///
    /// # Errors
    /// [`Refusal::EmailInvalid`] when mail could not be sent there.
    pub fn parse(typed: &str) -> Result<Self, Refusal> {
        let address = typed.trim();
        let (local, domain) = address.rsplit_once('@').ok_or(Refusal::EmailInvalid)?;
        let sound = address.len() <= MAX_BYTES && is_local_part(local) && is_domain(domain);
        sound.then(|| Self(format!("{local}@{}", domain.to_lowercase()))).ok_or(Refusal::EmailInvalid)
    }

    /// The address as mail is sent to it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form by which people are found: two addresses with the same key are one mailbox to us (case is folded).
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }

    /// The form by which an address is barred: case-folded and without a `+tag`, so that a tag is no way round a bar.
    #[must_use]
    pub fn bar_key(&self) -> String {
        let key = self.key();
        match key.rsplit_once('@') {
            Some((local, domain)) => {
                let bare = local.split_once('+').map_or(local, |(before, _)| before);
                format!("{bare}@{domain}")
            }
            None => key,
        }
    }

    /// The address with most of it hidden, for showing to whoever holds a link: `r•••@e•••.org`.
    #[must_use]
    pub fn masked(&self) -> String {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or((&self.0, ""));
        let top_level = domain.rsplit_once('.').map_or("", |(_, end)| end);
        let first = |text: &str| text.chars().next().map(String::from).unwrap_or_default();
        format!("{}•••@{}•••.{top_level}", first(local), first(domain))
    }

    /// The address that was likely meant, when the domain is one slip away from one that families use. A hint, never forced.
    #[must_use]
    pub fn likely_meant(&self) -> Option<Self> {
        let (local, domain) = self.0.rsplit_once('@')?;
        if KNOWN_DOMAINS.contains(&domain) {
            return None;
        }
        let meant = KNOWN_DOMAINS.iter().find(|known| one_slip_apart(domain, known))?;
        Some(Self(format!("{local}@{meant}")))
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// RFC 5321's dot-string, with the letters of any script (RFC 6531): what mail providers hand out; quoted strings are not.
fn is_local_part(local: &str) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c) || (!c.is_ascii() && !c.is_whitespace() && !c.is_control());
    !local.is_empty() && local.len() <= 64 && local.chars().all(allowed) && !local.starts_with('.') && !local.ends_with('.') && !local.contains("..")
}

fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-') && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    let Some((_, top_level)) = domain.rsplit_once('.') else { return false };
    // A top-level domain has no digits alone, so this refuses IPv4 addresses too; brackets refuse IPv6.
    domain.split('.').all(is_label) && top_level.chars().count() >= 2 && !top_level.chars().all(|c| c.is_ascii_digit())
}

/// Whether one insertion, deletion, replacement or swap of neighbours turns one word into the other.
fn one_slip_apart(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let start = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[start..], &b[start..]);
    let end = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    match (&a[..a.len() - end], &b[..b.len() - end]) {
        ([], [_]) | ([_], [] | [_]) => true,
        ([w, x], [y, z]) => w == z && x == y,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_counts_as_an_address() {
        let good = ["a@b.co", " jordan.aaron@example.org ", "o'brien+x@sub.example.museum", "zoë@münchen.de", "a@xn--mnchen-3ya.de"];
        let bad = [
            "",
            "plain",
            "abc@bar",
            "email@127.0.0.1",
            "a@[::1]",
            "a b@example.org",
            "Mc Mahon@example1.com",
            "@example.org",
            "a@",
            "a@@b.org",
            ".a@b.org",
            "a.@b.org",
            "a..b@c.org",
            "a@b..org",
            "a@-b.org",
            "a@b-.org",
            "a@b.c",
            "a\n@b.org",
            "<a@b.org>",
            "a@b.org,c@d.org",
        ];
        for text in good {
            assert!(EmailAddress::parse(text).is_ok(), "{text:?} should be taken");
        }
        for text in bad {
            assert!(EmailAddress::parse(text).is_err(), "{text:?} should be refused");
        }
    }

    #[test]
    fn a_tag_or_a_capital_is_no_way_round_a_bar() {
        let plain = EmailAddress::parse("Jordan@Example.org").unwrap();
        let tagged = EmailAddress::parse("jordan+evening@example.org").unwrap();
        assert_eq!(plain.bar_key(), tagged.bar_key());
        assert_ne!(plain.key(), tagged.key());
    }

    #[test]
    fn a_likely_typo_is_named() {
        let check = |typed: &str, meant: Option<&str>| {
            let found = EmailAddress::parse(typed).unwrap().likely_meant();
            assert_eq!(found.as_ref().map(EmailAddress::as_str), meant, "{typed}");
        };
        check("a@gmial.com", Some("a@gmail.com"));
        check("a@gmal.com", Some("a@gmail.com"));
        check("a@hotmail.con", Some("a@hotmail.com"));
        check("a@gmail.com", None);
        check("a@outlook.com", None);
        check("a@example.org", None);
        check("a@live.co.uk", None);
    }

    #[test]
    fn a_mask_keeps_no_more_than_two_letters() {
        assert_eq!(EmailAddress::parse("rachel@example.org").unwrap().masked(), "r•••@e•••.org");
    }
}
