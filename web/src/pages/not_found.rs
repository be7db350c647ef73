//! Page for an unknown path.

use leptos::prelude::*;

use crate::{components::Heading, texts::t};

#[component]
pub(crate) fn NotFoundPage() -> impl IntoView {
    view! {
        <Heading text=t().missing_title />
        <p class="lede">{t().missing_text}</p>
        <p>
            <a class="btn primary" href="./">
                {t().to_start}
            </a>
        </p>
    }
}
