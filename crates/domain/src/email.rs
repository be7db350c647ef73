//! Email addresses: parsing, comparison of two addresses, and suggestions for likely typos.

use std::fmt;

use crate::{
    Refusal, domain_name,
    text::{is_full_stop, is_invisible, to_halfwidth},
};

/// The longest address that mail can carry, in bytes (RFC 5321, 4.5.3.1.3).
pub const MAX_BYTES: usize = 254;

/// The scheme of links to addresses (RFC 6068).
const MAILTO: &str = "mailto:";

/// Domains that families use; a domain one edit away from one of them is likely a typo.
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

/// A valid email address: without decoration, its domain in canonical form, no IP address, no
/// invisible characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Parses an address as a person types or pastes it: with invisible characters, `mailto:`,
    /// `<…>`, a name or punctuation around it.
    ///
    /// # Errors
    /// [`Refusal::EmailInvalid`] if mail can't be sent there.
    pub fn parse(typed: &str) -> Result<Self, Refusal> {
        let narrow: String = typed.chars().map(to_halfwidth).collect();
        let (local, domain) =
            strip_decoration(&narrow).rsplit_once('@').ok_or(Refusal::EmailInvalid)?;
        let domain = domain_name::canonical(domain).ok_or(Refusal::EmailInvalid)?;
        let address = format!("{local}@{domain}");
        let valid = address.len() <= MAX_BYTES && is_local_part(local);
        valid.then_some(Self(address)).ok_or(Refusal::EmailInvalid)
    }

    /// The address that mail is sent to.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key by which people are found: two addresses with the same key count as one mailbox
    /// (case is folded).
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }

    /// The key by which an address is barred: case-folded and without a `+tag`, so that a tag can't
    /// evade a bar.
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

    /// The address with most characters hidden, for showing to the holder of a link:
    /// `r•••@e•••.org`.
    #[must_use]
    pub fn masked(&self) -> String {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or((&self.0, ""));
        let top_level = domain.rsplit_once('.').map_or("", |(_, end)| end);
        let first = |text: &str| text.chars().next().map(String::from).unwrap_or_default();
        format!("{}•••@{}•••.{top_level}", first(local), first(domain))
    }

    /// The likely intended address, if the domain is one edit away from one that families use. A
    /// hint, never forced (I2).
    #[must_use]
    pub fn suggested_correction(&self) -> Option<Self> {
        let (local, domain) = self.0.rsplit_once('@')?;
        if KNOWN_DOMAINS.contains(&domain) {
            return None;
        }
        let meant = KNOWN_DOMAINS.iter().find(|known| is_one_edit_apart(domain, known))?;
        Some(Self(format!("{local}@{meant}")))
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The address without the characters that copying and pasting leave around it.
fn strip_decoration(typed: &str) -> &str {
    let mut text = typed;
    loop {
        let before = text;
        // A full stop after an address ends a sentence, or the domain itself (RFC 1034, 3.1).
        text = text
            .trim_matches(|c: char| c.is_whitespace() || is_invisible(c))
            .trim_end_matches(|c| matches!(c, ',' | ';') || is_full_stop(c));
        if let Some(inside) = text.strip_suffix('>') {
            text = inside.rsplit_once('<').map_or(text, |(_, inside)| inside);
        }
        if let Some((scheme, rest)) = text.split_at_checked(MAILTO.len())
            && scheme.eq_ignore_ascii_case(MAILTO)
        {
            // The query after the address contains the header fields of a new mail (RFC 6068).
            text = rest.split_once('?').map_or(rest, |(address, _)| address);
        }
        if text.len() == before.len() {
            return text;
        }
    }
}

/// Returns whether this is a dot-string of RFC 5321 with letters of any script (RFC 6531), which is
/// what mail providers assign. Quoted strings are refused.
fn is_local_part(local: &str) -> bool {
    let allowed = |c: char| {
        c.is_ascii_alphanumeric()
            || "!#$%&'*+-/=?^_`{|}~.".contains(c)
            || (!c.is_ascii() && !c.is_whitespace() && !c.is_control() && !is_invisible(c))
    };
    !local.is_empty()
        && local.len() <= 64
        && local.chars().all(allowed)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
}

/// Returns whether one insertion, deletion, replacement or swap of neighbours turns one word into
/// the other.
fn is_one_edit_apart(a: &str, b: &str) -> bool {
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
    fn validates_email_addresses() {
        let good = [
            "a@b.co",
            " jordan.aaron@example.org ",
            "o'brien+x@sub.example.museum",
            "zoë@münchen.de",
            "a@xn--mnchen-3ya.de",
        ];
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
            "<a@b.org> or not",
            "a@b.org,c@d.org",
            "a7@example.org;b7@example.org",
            "a12 @example.org",
            "\"a b\"@example.org",
            "a\u{200b}b@example.org",
            "ab@exa\u{ad}mple.org",
            "a\u{202e}b@example.org",
            "ab\u{2060}@example.org",
            "a@127.0.0.１",
            "a@0x7f.1",
            "mailto:",
            "<>",
            "<@>",
        ];
        for text in good {
            assert!(EmailAddress::parse(text).is_ok(), "{text:?} should be taken");
        }
        for text in bad {
            assert_eq!(EmailAddress::parse(text), Err(Refusal::EmailInvalid), "{text:?}");
        }
    }

    #[test]
    fn strips_text_pasted_around_an_address() {
        let check = |typed: &str, address: &str| {
            assert_eq!(
                EmailAddress::parse(typed).as_ref().map(EmailAddress::as_str),
                Ok(address),
                "{typed:?}"
            )
        };
        for typed in [
            "a@b.org\u{200b}",
            "\u{feff}a@b.org",
            "\u{200e}a@b.org\u{200f}",
            "\u{a0}a@b.org\u{ad}",
            "mailto:a@b.org",
            "MAILTO:a@b.org?subject=Hello",
            "<a@b.org>",
            "<mailto:a@b.org>,",
            "a@b.org,",
            "a@b.org;",
            "a@b.org .",
            "a@b.org\u{2060} ;\u{200b}",
            "Name <a@b.org>",
            "\"Name, Other\" <a@b.org>;",
            "ａ＠ｂ．ｏｒｇ",
            "a@b。org",
        ] {
            check(typed, "a@b.org");
        }
        check("mailto.a@b.org", "mailto.a@b.org");
        check("a@XN--MLLER-KVA.de", "a@müller.de");
    }

    #[test]
    fn bar_key_canonicalizes_the_domain() {
        let keys = |typed: &str| {
            EmailAddress::parse(typed)
                .map(|address| (address.key(), address.bar_key()))
                .expect(typed)
        };
        for typed in [
            "Kim+x@ⓔxample.org",
            "kim+x@ＥＸＡＭＰＬＥ.org",
            "kim+x@example。org",
            "kim+x@example.org.",
        ] {
            assert_eq!(
                keys(typed),
                ("kim+x@example.org".to_owned(), "kim@example.org".to_owned()),
                "{typed}"
            );
        }
        assert_eq!(keys("kim@müller.de"), keys("kim@xn--mller-kva.de"));
    }

    proptest::proptest! {
        #[test]
        fn parsing_an_address_is_idempotent(
            local in "\\PC{0,2}[A-Za-z0-9+é]{1,6}",
            at in "[@＠]",
            domain in "[A-Za-zéＡ]{1,8}[.。](org|com|de)\\PC{0,1}",
        ) {
            let typed = format!("{local}{at}{domain}");
            let address = EmailAddress::parse(&typed);
            // The test fails if too few of the generated texts are addresses.
            proptest::prop_assume!(address.is_ok());
            proptest::prop_assert_eq!(
                address.as_ref().map(|address| EmailAddress::parse(address.as_str())),
                Ok(address.clone())
            );
        }
    }

    #[test]
    fn bar_key_ignores_case_and_plus_tag() {
        let plain = EmailAddress::parse("Jordan@Example.org").unwrap();
        let tagged = EmailAddress::parse("jordan+evening@example.org").unwrap();
        assert_eq!(plain.bar_key(), tagged.bar_key());
        assert_ne!(plain.key(), tagged.key());
    }

    #[test]
    fn suggests_likely_typos() {
        let check = |typed: &str, meant: Option<&str>| {
            let found = EmailAddress::parse(typed).unwrap().suggested_correction();
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
    fn masked_address_shows_at_most_two_letters() {
        assert_eq!(EmailAddress::parse("rachel@example.org").unwrap().masked(), "r•••@e•••.org");
    }
}
