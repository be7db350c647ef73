//! Copyable texts, such as an id and a secret, that are shown once and handed over to another
//! system.

use leptos::prelude::*;

use crate::{browser, session::session, task::spawn, texts::office as o};

/// One text with a label and a button that copies it.
#[component]
pub(super) fn CopyableText(label: &'static str, text: String) -> impl IntoView {
    let (session, copied) = (session(), text.clone());
    let copy = move |_| {
        let text = copied.clone();
        spawn(Box::pin(async move {
            if browser::copy_to_clipboard(text).await {
                session.announce(o().copied);
            }
        }));
    };
    view! {
        <li>
            <span class="grow">
                <strong>{label}</strong>
                <code class="address">{text}</code>
            </span>
            <button
                class="action"
                type="button"
                aria-label=[o().copy, " ", label].concat()
                on:click=copy
            >
                {o().copy}
            </button>
        </li>
    }
}
