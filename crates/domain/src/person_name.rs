//! Names of guests: any script, up to 100 characters, and no content that could abuse a mail.

use std::fmt;

use crate::{
    Refusal, domain_name,
    text::{self, Lines, is_full_stop, is_invisible, to_halfwidth},
};

/// The longest name, in characters.
pub const MAX_CHARS: usize = 100;

/// A name that is safe in a mail: trimmed, not empty, no text that a mail program would turn into a
/// link, no control characters.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct PersonName(String);

impl PersonName {
    /// Parses a name as a person types it; runs of blanks become one, and invisible characters
    /// other than joiners are dropped.
    ///
    /// # Errors
    /// [`Refusal::NameInvalid`] if the name is empty, too long, or contains a control character or
    /// a part of a URL.
    pub fn parse(typed: &str) -> Result<Self, Refusal> {
        let seen: String = typed.chars().filter(|c| !is_dropped(*c)).collect();
        let name = seen.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        let name = name.trim();
        let valid = text::check(name, Lines::One, MAX_CHARS).is_ok()
            && name.chars().any(is_shown)
            && !name.chars().any(is_bidi_control)
            && !is_link(name);
        valid.then(|| Self(name.to_owned())).ok_or(Refusal::NameInvalid)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Invisible characters that come with copied text and that no script needs: soft hyphens,
/// zero-width spaces, a byte order mark.
const fn is_dropped(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}')
}

fn is_shown(c: char) -> bool {
    !c.is_whitespace() && !is_invisible(c)
}

/// Control characters that change the direction of the text around them.
const fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns whether the name contains a slash, an at sign, `www.`, or two or more letters, a full
/// stop and a top-level domain: in any case, script and width.
fn is_link(name: &str) -> bool {
    // Joiners stay in names because scripts and emoji need them; here they must not hide a link.
    let plain: String = name
        .chars()
        .filter(|c| !is_invisible(*c))
        .map(|c| if is_full_stop(c) { '.' } else { to_halfwidth(c) })
        .collect();
    let is_domain = |(at, _): (usize, &str)| {
        let (before, after) = (&plain[..at], &plain[at + 1..]);
        let letters = before.chars().rev().take_while(|c| is_label_char(*c)).take(2).count();
        let label: String = after.chars().take_while(|c| is_label_char(*c)).collect();
        letters == 2 && domain_name::is_top_level(&label)
    };
    plain.contains(['/', '@'])
        || plain.to_lowercase().contains("www.")
        || plain.match_indices('.').any(is_domain)
}

/// Returns whether this is a letter or digit of any script, a mark that belongs to one, or a
/// hyphen.
fn is_label_char(c: char) -> bool {
    c.is_alphanumeric()
        || c == '-'
        || (!c.is_ascii() && !c.is_whitespace() && !is_punctuation(c) && !is_symbol(c))
}

/// The commonest punctuation marks of other scripts that end a word.
const fn is_punctuation(c: char) -> bool {
    matches!(
        c,
        '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '\u{3001}'..='\u{3003}'
            | '\u{3008}'..='\u{301f}' | '،' | '؛' | '؟' | '·' | '«' | '»'
    )
}

/// Arrows, signs and pictures, which can't occur in a label of a domain name (IDNA 2008, RFC 5892).
const fn is_symbol(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{2bff}' | '\u{fe0e}'..='\u{fe0f}' | '\u{1f000}'..='\u{1faff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_names_of_any_script() {
        for name in [
            "Jordan Aaron",
            "O’Brien-Núñez",
            "Seán Ó Súilleabháin",
            "محمد عبد الله",
            "王小明",
            "Zoë 🌟",
            "J.R. Smith",
            "Dr. A. St.John",
            "Anna-Łucja",
            "J.Li",
            "St.John",
            "J.R.R. Tolkien",
            "علی‌رضا",
            "Mary.Ann Smith",
            "Smith Jr.",
            "Zoë👩‍🏫",
        ] {
            assert!(PersonName::parse(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn names_with_links_or_control_characters_are_refused() {
        assert_eq!(
            PersonName::parse("PARLOUR-CHECK.COM✅"),
            Err(Refusal::NameInvalid),
            "a symbol is not part of a domain"
        );
        let long = "x".repeat(101);
        for name in [
            "",
            "   ",
            "a\nb",
            "see http://x.y",
            "www.win",
            "win at example.com",
            "example.com/now",
            "a@b.org",
            "\u{202e}abc",
            long.as_str(),
            "PARLOUR-CHECK.COM/x",
            "Parlour-Check.Com",
            "t.co/abc",
            "пример.рф",
            "ПРИМЕР.РФ",
            "xn--e1afmkfd.xn--p1ai",
            "王小明。中国",
            "example．com",
            "example｡com",
            "ｅｘａｍｐｌｅ．ｃｏｍ",
            "exam\u{200b}ple.\u{2060}com",
            "example.\u{200d}com",
            "WWW.win",
            "ｗｗｗ．win",
            "a＠b",
            "one／two",
            "example․com",
            "see example.com, now",
            "a.b.example.co.uk",
            "\u{200d}",
            "\u{3164}",
            "a\u{85}b",
        ] {
            assert_eq!(PersonName::parse(name), Err(Refusal::NameInvalid), "{name:?}");
        }
    }

    #[test]
    fn whitespace_is_collapsed() {
        assert_eq!(PersonName::parse("  Jordan   Aaron ").unwrap().as_str(), "Jordan Aaron");
        assert_eq!(
            PersonName::parse("\u{feff}Jordan\u{ad} Aaron\u{200b}").unwrap().as_str(),
            "Jordan Aaron"
        );
    }
}
