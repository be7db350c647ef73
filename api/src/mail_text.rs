//! Formatting of names, lists and times for mails, and protection against injected text and links.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use parlour_domain::text::{is_full_stop, is_invisible, to_halfwidth};

/// Length limit of a name in a mail, in characters.
const MAX_CHARS: usize = 200;

/// Length limit of a paragraph that contains names, in characters.
const MAX_PARAGRAPH: usize = 4000;

/// Cleans a name or title: one line, without control characters and bidirectional controls, with
/// blanks folded, and with nothing that mail programs turn into a link.
pub fn clean(text: &str) -> String {
    without_links(&on_one_line(text, MAX_CHARS))
}

/// Cleans a paragraph of our own text that contains names, in the same way.
pub fn clean_paragraph(text: &str) -> String {
    without_links(&on_one_line(text, MAX_PARAGRAPH))
}

/// Cleans an address to one line. It stays unbroken, so that it can be copied.
pub fn clean_address(text: &str) -> String {
    on_one_line(text, MAX_CHARS)
}

/// Keeps mail programs from linking text that looks like a domain, an address or a URL, which they
/// do in plain text and in HTML. Inserts a zero-width space (U+200B) after each full stop, at sign
/// and colon inside of a word, which ends the link detection and is not visible. It works in both
/// parts of a mail, whereas an HTML element around the stop would work in one only. Programs that
/// lack newer characters (such as U+2060) show U+200B as nothing.
fn without_links(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let (mut before, mut rest) = (' ', text.chars().peekable());
    while let Some(c) = rest.next() {
        shown.push(c);
        let is_inside =
            |next: char| !before.is_whitespace() && !next.is_whitespace() && !is_invisible(next);
        let links = |next: char| match to_halfwidth(c) {
            '@' => true,
            ':' => to_halfwidth(next) == '/',
            _ => is_full_stop(c) && !next.is_ascii_digit(),
        };
        if rest.peek().is_some_and(|next| is_inside(*next) && links(*next)) {
            shown.push('\u{200b}');
        }
        before = c;
    }
    shown
}

fn on_one_line(text: &str, max_chars: usize) -> String {
    let seen = text
        .chars()
        .filter(|c| !turns_text(*c))
        .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c });
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

/// "16:05", in the evening's time zone.
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
    fn names_lose_line_breaks_and_bidi_controls() {
        let check = |raw: &str, shown: &str| assert_eq!(clean(raw), shown, "{raw:?}");
        check("Rachel\r\nBcc: x@example.org", "Rachel Bcc: x@\u{200b}example.\u{200b}org");
        check(" \u{202e}evil\u{2069}  name\t", "evil name");
        check("محمد عبد الله", "محمد عبد الله");
        check("👩‍🏫 Zoë", "👩‍🏫 Zoë");
        assert_eq!(clean(&"x".repeat(500)).len(), MAX_CHARS);
    }

    #[test]
    fn names_are_not_auto_linked() {
        let check = |raw: &str, shown: &str| {
            assert_eq!(clean(raw), shown, "{raw:?}");
            assert_eq!(clean(shown), shown, "cleaning is idempotent");
        };
        check("t.co", "t.\u{200b}co");
        check("J.Li", "J.\u{200b}Li");
        check("www.example.com/x", "www.\u{200b}example.\u{200b}com/x");
        check("https://example.com", "https:\u{200b}//example.\u{200b}com");
        check("пример。рф", "пример。\u{200b}рф");
        check("sam@localhost", "sam@\u{200b}localhost");
        check("Dr. A. St. John", "Dr. A. St. John");
        check("Moved from 16:05 to 16.10.", "Moved from 16:05 to 16.10.");
        assert_eq!(clean_address(" sam@example.org\n"), "sam@example.org");
    }

    #[test]
    fn times_are_formatted_in_the_evenings_time_zone() {
        let at: DateTime<Utc> = "2026-10-24T23:30:00Z".parse().unwrap();
        assert_eq!(time(at, chrono_tz::Europe::London), "00:30");
        assert_eq!(long_date(at, chrono_tz::Europe::London), "Sunday 25 October 2026");
        assert_eq!(short_date(at, chrono_tz::UTC), "24 October");
    }

    #[test]
    fn joins_names_with_commas_and_and() {
        let names = ["Sophie", "Liz", "Chris"].map(str::to_owned);
        assert_eq!(list(&names[..0]), "");
        assert_eq!(list(&names[..1]), "Sophie");
        assert_eq!(list(&names[..2]), "Sophie and Liz");
        assert_eq!(list(&names), "Sophie, Liz and Chris");
    }
}
