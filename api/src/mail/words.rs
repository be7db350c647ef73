//! Names and times as mails write them.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

/// The longest name a mail writes out, in characters.
const MAX_CHARS: usize = 200;

/// The longest paragraph of our own that holds names, in characters.
const MAX_PARAGRAPH: usize = 4000;

/// A name or title on one line: no control characters, no marks that turn the direction of the text around them, blanks folded.
pub fn clean(text: &str) -> String {
    on_one_line(text, MAX_CHARS)
}

/// Sentences of our own that hold names, in the same way.
pub fn clean_paragraph(text: &str) -> String {
    on_one_line(text, MAX_PARAGRAPH)
}

fn on_one_line(text: &str, max_chars: usize) -> String {
    let seen = text.chars().filter(|c| !turns_text(*c)).map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c });
    let words: String = seen.collect();
    let words: Vec<&str> = words.split_whitespace().collect();
    words.join(" ").chars().take(max_chars).collect()
}

/// "Mrs Anita Abell".
pub fn full_name(honorific: Option<&str>, given: &str, family: &str) -> String {
    clean(&format!("{} {given} {family}", honorific.unwrap_or_default()))
}

/// "Sophie, Liz and Chris".
pub fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    }
}

/// "16:05", on the evening's clocks.
pub fn time(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%H:%M").to_string()
}

/// "Thursday 26 November 2026".
pub fn long_date(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%A %-d %B %Y").to_string()
}

/// "26 November".
pub fn short_date(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%-d %B").to_string()
}

const fn turns_text(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_in_one_direction() {
        let check = |raw: &str, shown: &str| assert_eq!(clean(raw), shown, "{raw:?}");
        check("Rachel\r\nBcc: x@example.org", "Rachel Bcc: x@example.org");
        check(" \u{202e}evil\u{2069}  name\t", "evil name");
        check("محمد عبد الله", "محمد عبد الله");
        check("👩‍🏫 Zoë", "👩‍🏫 Zoë");
        assert_eq!(clean(&"x".repeat(500)).len(), MAX_CHARS);
    }

    #[test]
    fn times_are_the_evenings() {
        let at: DateTime<Utc> = "2026-10-24T23:30:00Z".parse().unwrap();
        assert_eq!(time(at, chrono_tz::Europe::London), "00:30");
        assert_eq!(long_date(at, chrono_tz::Europe::London), "Sunday 25 October 2026");
        assert_eq!(short_date(at, chrono_tz::UTC), "24 October");
    }

    #[test]
    fn names_are_listed() {
        let names = ["Sophie", "Liz", "Chris"].map(str::to_owned);
        assert_eq!(list(&names[..0]), "");
        assert_eq!(list(&names[..1]), "Sophie");
        assert_eq!(list(&names[..2]), "Sophie and Liz");
        assert_eq!(list(&names), "Sophie, Liz and Chris");
    }
}
