//! Button that loads the next page of a paged list.

use leptos::prelude::*;

use super::FailureNotice;
use crate::{task::Task, texts::t};

/// "Show more" while there are more pages, and the failure of the last load.
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
