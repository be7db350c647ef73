//! All that the client says, by key. A second language is a second value of [`Texts`] and a second list of errors.

mod en;

pub(crate) use en::Texts;

/// The catalogue in the reader's language.
pub(crate) const fn t() -> &'static Texts {
    &en::EN
}

/// The text of an error code, where we say it better than the server's `detail`.
pub(crate) fn error(code: &str) -> Option<&'static str> {
    en::ERRORS.iter().find(|(known, _)| *known == code).map(|(_, text)| *text)
}

/// The text with each `{name}` replaced.
pub(crate) fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = text.to_owned();
    for (name, value) in values {
        filled = filled.replace(&["{", name, "}"].concat(), value);
    }
    filled
}

/// A text that differs for one and for many.
pub(crate) fn count(texts: (&str, &str), number: usize) -> String {
    let text = if number == 1 { texts.0 } else { texts.1 };
    fill(text, &[("n", &number.to_string())])
}
