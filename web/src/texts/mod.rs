//! Catalogues of the web app's texts, by key. A second language is a second value of [`Texts`] and
//! a second list of errors.

/// Defines a struct of texts and its English value from one list.
macro_rules! catalogue {
    ($texts:ident { $($key:ident: $kind:ty = $text:expr,)* }) => {
        /// Texts by key. A pair holds the text for one and the text for `{n}`.
        pub(crate) struct $texts { $(pub(crate) $key: $kind,)* }
        pub(super) const EN: $texts = $texts { $($key: $text,)* };
    };
}

mod en;
mod en_call;
mod en_guest;
mod en_office;
mod en_webhooks;

pub(crate) use en::Texts;
pub(crate) use en_call::CallTexts;
pub(crate) use en_guest::GuestTexts;
pub(crate) use en_office::OfficeTexts;
pub(crate) use en_webhooks::WebhookTexts;

type Text = &'static str;
/// The text for one, and the text for several.
type Count = (Text, Text);

/// Returns the texts of calls and devices: a catalogue of its own, so that it is fetched with the
/// call.
pub(crate) const fn call() -> &'static CallTexts {
    &en_call::EN
}

/// Returns the texts for a guest who has lost their link: fetched with the guest pages.
pub(crate) const fn guest() -> &'static GuestTexts {
    &en_guest::EN
}

/// Returns the office's texts about API clients and provenance: fetched with the office's pages.
pub(crate) const fn office() -> &'static OfficeTexts {
    &en_office::EN
}

/// Returns the texts about webhooks: a catalogue of its own, since few people see it.
pub(crate) const fn webhooks() -> &'static WebhookTexts {
    &en_webhooks::EN
}

/// Returns the main catalogue in the reader's language.
pub(crate) const fn t() -> &'static Texts {
    &en::EN
}

/// Returns the text of an error code, where it improves on the server's `detail`.
pub(crate) fn error(code: &str) -> Option<&'static str> {
    en::ERRORS.iter().find(|(known, _)| *known == code).map(|(_, text)| *text)
}

/// Returns the text with each `{name}` replaced.
pub(crate) fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = text.to_owned();
    for (name, value) in values {
        filled = filled.replace(&["{", name, "}"].concat(), value);
    }
    filled
}

/// Returns the text for this number: one or several.
pub(crate) fn count(texts: (&str, &str), number: usize) -> String {
    let text = if number == 1 { texts.0 } else { texts.1 };
    fill(text, &[("n", &number.to_string())])
}
