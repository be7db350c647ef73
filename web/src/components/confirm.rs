//! Confirmation dialog.

use leptos::prelude::*;

use super::{Dialog, FailureNotice};
use crate::{api::Failure, texts::t};

/// Asks `question`; the first button runs `yes`. The dialog stays open until the page closes it, so
/// that it can show a failure.
#[component]
pub(crate) fn Confirm(
    id: &'static str,
    open: RwSignal<bool>,
    #[prop(into)] title: Signal<String>,
    #[prop(into)] question: Signal<String>,
    #[prop(into)] yes: Signal<String>,
    #[prop(optional, into)] no: Option<&'static str>,
    busy: RwSignal<bool>,
    failure: RwSignal<Option<Failure>>,
    on_yes: Callback<()>,
) -> impl IntoView {
    view! {
        <Dialog id open title>
            <p prop:textContent=question></p>
            <FailureNotice failure />
            <div class="buttons">
                <button
                    class="btn danger"
                    type="button"
                    aria-disabled=move || busy.get().then_some("true")
                    on:click=move |_| on_yes.run(())
                    prop:textContent=yes
                ></button>
                <button class="btn quiet" type="button" on:click=move |_| open.set(false)>
                    {no.unwrap_or(t().keep_it)}
                </button>
            </div>
        </Dialog>
    }
}
