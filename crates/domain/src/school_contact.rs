//! Contact details of a school for families: a telephone number, a mail address, and office hours.

use crate::EmailAddress;

/// The longest telephone number, in characters.
pub const MAX_PHONE_CHARS: usize = 40;
/// The longest text of office hours, in characters.
pub const MAX_HOURS_CHARS: usize = 120;

/// One field of the contact details. A blank value clears it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ContactField(Option<String>);

impl ContactField {
    /// Parses a telephone number as people write it: at least 3 digits, and separators. `None` if
    /// it is no number.
    #[must_use]
    pub fn phone(typed: &str) -> Option<Self> {
        let fits = |text: &str| {
            let digits = text.chars().filter(char::is_ascii_digit).count();
            let between = |c: char| {
                c.is_ascii_alphanumeric()
                    || matches!(c, ' ' | '+' | '-' | '.' | '/' | '(' | ')' | '#' | '*')
            };
            digits >= 3 && text.chars().count() <= MAX_PHONE_CHARS && text.chars().all(between)
        };
        Self::trimmed(typed, fits)
    }

    /// Parses a mail address. `None` if mail can't be sent there.
    #[must_use]
    pub fn email(typed: &str) -> Option<Self> {
        if typed.trim().is_empty() {
            return Some(Self(None));
        }
        EmailAddress::parse(typed).ok().map(|address| Self(Some(address.as_str().to_owned())))
    }

    /// Parses office hours in words. `None` if they are too long or have more than one line.
    #[must_use]
    pub fn office_hours(typed: &str) -> Option<Self> {
        let is_unseen = |c: char| {
            c.is_control()
                || matches!(
                    c,
                    '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}'
                        | '\u{2066}'..='\u{2069}' | '\u{feff}'
                )
        };
        Self::trimmed(typed, |text| {
            text.chars().count() <= MAX_HOURS_CHARS && !text.chars().any(is_unseen)
        })
    }

    fn trimmed(typed: &str, fits: impl Fn(&str) -> bool) -> Option<Self> {
        match typed.trim() {
            "" => Some(Self(None)),
            text => fits(text).then(|| Self(Some(text.to_owned()))),
        }
    }

    /// The text; `None` clears the field.
    #[must_use]
    pub fn into_inner(self) -> Option<String> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_trimmed_and_validated() {
        let check = |field: Option<ContactField>, expected: Option<Option<&str>>| {
            assert_eq!(
                field.map(ContactField::into_inner),
                expected.map(|text| text.map(str::to_owned))
            );
        };
        check(ContactField::phone(" 020 7946 0000 "), Some(Some("020 7946 0000")));
        check(
            ContactField::phone("+44 (0)20 7946-0000 ext 12"),
            Some(Some("+44 (0)20 7946-0000 ext 12")),
        );
        check(ContactField::phone("  "), Some(None));
        check(ContactField::phone("ask at the gate"), None);
        check(ContactField::phone("12"), None);
        check(ContactField::phone("1234\n5678"), None);
        check(ContactField::phone(&"1".repeat(MAX_PHONE_CHARS + 1)), None);
        check(
            ContactField::email(" Office@Hillcrest.Example "),
            Some(Some("Office@hillcrest.example")),
        );
        check(ContactField::email(""), Some(None));
        check(ContactField::email("office"), None);
        check(
            ContactField::office_hours("Monday to Friday, 8:00 to 16:00"),
            Some(Some("Monday to Friday, 8:00 to 16:00")),
        );
        check(ContactField::office_hours("Monday\nTuesday"), None);
        check(ContactField::office_hours("\u{202e}Monday"), None);
        check(ContactField::office_hours(&"x".repeat(MAX_HOURS_CHARS + 1)), None);
    }
}
