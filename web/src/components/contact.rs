//! The school's contact, shown below each text that says to ask it.

use leptos::prelude::*;

/// The lines that the server wrote into the page, as the notice at the start shows them too.
/// Nothing where the school has not said how to reach it.
pub(crate) fn contact() -> AnyView {
    let lines =
        document().get_element_by_id("contact").map(|kept| kept.inner_html()).unwrap_or_default();
    view! { <div class="contact" inner_html=lines></div> }.into_any()
}
