//! The end of a list that comes page by page.

use leptos::prelude::*;

use super::FailureNotice;
use crate::{task::Task, texts::t};

/// "Show more" while there is more, and what went wrong with it.
#[component]
pub(crate) fn LoadMore(
    next: RwSignal<Option<String>>,
    task: Task,
    load: Callback<()>,
) -> impl IntoView {
    view! {
        <FailureNotice failure=task.failure retry=load />
        {move || {
            next.read()
                .is_some()
                .then(|| {
                    view! {
                        <button
                            class="btn quiet"
                            type="button"
                            aria-disabled=task.disabled()
                            on:click=move |_| load.run(())
                        >
                            {t().show_more}
                        </button>
                    }
                })
        }}
    }
}
