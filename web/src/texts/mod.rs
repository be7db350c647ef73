//! All that the web app says, by key. A second language is a second value of [`Texts`] and a second
//! list of errors.

/// Makes the struct of some texts and the English one of it from one list.
macro_rules! catalogue {
    ($texts:ident { $($key:ident: $kind:ty = $text:expr,)* }) => {
        /// Texts by key. A pair is for one and for `{n}`.
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
/// For one, and for many.
type Count = (Text, Text);

/// What is said in calls and about devices: a catalogue of its own, so that it is fetched with the
/// call.
pub(crate) const fn call() -> &'static CallTexts {
    &en_call::EN
}

/// What is said to a guest who has lost their link: fetched with the guests' pages.
pub(crate) const fn guest() -> &'static GuestTexts {
    &en_guest::EN
}

/// What is said to the office about API clients: fetched with its page.
pub(crate) const fn office() -> &'static OfficeTexts {
    &en_office::EN
}

/// What is said of webhooks: a catalogue of its own, for the few who see it.
pub(crate) const fn webhooks() -> &'static WebhookTexts {
    &en_webhooks::EN
}

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
