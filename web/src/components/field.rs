//! Labelled text field with a hint and an error, which is announced when it appears.

use leptos::{html, prelude::*};
use parlour_domain::EmailAddress;

use crate::texts;

/// A text field. The error is associated with the field, so that screen readers read both together.
#[component]
pub(crate) fn Field(
    /// The id of the field, unique on the page.
    id: &'static str,
    #[prop(into)] label: &'static str,
    value: RwSignal<String>,
    #[prop(into)] error: Signal<Option<String>>,
    #[prop(optional)] kind: Option<&'static str>,
    #[prop(optional)] hint: Option<&'static str>,
    #[prop(optional)] autocomplete: Option<&'static str>,
    #[prop(optional)] inputmode: Option<&'static str>,
    #[prop(optional)] class: Option<&'static str>,
    #[prop(optional)] input_ref: Option<NodeRef<html::Input>>,
    #[prop(default = true)] required: bool,
) -> impl IntoView {
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let described = {
        let (hint_id, error_id) = (hint_id.clone(), error_id.clone());
        move || match (hint, error.get()) {
            (Some(_), Some(_)) => Some(format!("{hint_id} {error_id}")),
            (Some(_), None) => Some(hint_id.clone()),
            (None, Some(_)) => Some(error_id.clone()),
            (None, None) => None,
        }
    };
    view! {
        <div class="field">
            <label for=id>{label}</label>
            {hint
                .map(|hint| {
                    view! {
                        <p class="hint" id=hint_id>
                            {hint}
                        </p>
                    }
                })}
            <input
                id=id
                node_ref=input_ref.unwrap_or_default()
                class=class
                type=kind.unwrap_or("text")
                autocomplete=autocomplete.unwrap_or("off")
                inputmode=inputmode
                spellcheck="false"
                aria-required=required.then_some("true")
                aria-invalid=move || error.read().is_some().then_some("true")
                aria-describedby=described
                prop:value=value
                on:input:target=move |event| value.set(event.target().value())
            />
            <p
                class="error"
                id=error_id
                role="alert"
                prop:textContent=move || error.get().unwrap_or_default()
            ></p>
        </div>
    }
}

/// Returns the email address of a form that is being submitted. An invalid address sets the field's
/// error and returns `None`.
pub(crate) fn submitted_address(
    event: &leptos::ev::SubmitEvent,
    value: RwSignal<String>,
    error: RwSignal<Option<String>>,
) -> Option<String> {
    event.prevent_default();
    let address = EmailAddress::parse(&value.read_untracked()).ok();
    let told = if address.is_none() { texts::error("email_invalid") } else { None };
    error.set(told.map(str::to_owned));
    address.map(|address| address.as_str().to_owned())
}
