//! The name of a guest: any script, up to 100 characters, and nothing that a mail could be abused with.

use std::fmt;

use crate::Refusal;

/// The longest name, in characters.
pub const MAX_CHARS: usize = 100;

/// A name that may stand in a mail: trimmed, not empty, no URL, no control characters.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct PersonName(String);

impl PersonName {
    /// Takes a name as a person types it; runs of blanks become one.
    ///
    /// # Errors
    /// [`Refusal::NameInvalid`] when it is empty, too long, holds a control character or looks like a web address.
    pub fn parse(typed: &str) -> Result<Self, Refusal> {
        let name = typed.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        let name = name.trim();
        let sound = !name.is_empty() && name.chars().count() <= MAX_CHARS && !name.chars().any(is_unseen) && !looks_like_url(name);
        sound.then(|| Self(name.to_owned())).ok_or(Refusal::NameInvalid)
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

/// Control characters, line and paragraph separators, and the marks that turn the direction of the text around them.
fn is_unseen(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A scheme, `www.`, or a word with a dot inside that ends like a domain (`example.com`, but not `J.R.` or `St.John`… whose end is capital).
fn looks_like_url(name: &str) -> bool {
    let lower = name.to_lowercase();
    let has_domain = name.split_whitespace().any(|word| {
        word.rsplit_once('.').is_some_and(|(before, end)| {
            let end: String = end.chars().take_while(|c| c.is_alphanumeric()).collect();
            before.chars().count() >= 2 && end.len() >= 2 && end.chars().all(|c| c.is_ascii_lowercase())
        })
    });
    lower.contains("://") || lower.contains("www.") || lower.contains('@') || has_domain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_any_script_are_taken() {
        for name in ["Jordan Aaron", "O’Brien-Núñez", "Seán Ó Súilleabháin", "محمد عبد الله", "王小明", "Zoë 🌟", "J.R. Smith", "Dr. A. St.John", "Anna-Łucja"]
        {
            assert!(PersonName::parse(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn what_could_be_abused_in_a_mail_is_refused() {
        let long = "x".repeat(101);
        for name in ["", "   ", "a\nb", "see http://x.y", "www.win", "win at example.com", "example.com/now", "a@b.org", "\u{202e}abc", long.as_str()] {
            assert!(PersonName::parse(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn blanks_are_folded() {
        assert_eq!(PersonName::parse("  Jordan   Aaron ").unwrap().as_str(), "Jordan Aaron");
    }
}
