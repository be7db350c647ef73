//! Contact details of the school, shown below each text that tells the reader to contact the
//! school.

use leptos::prelude::*;

/// The lines that the server wrote into the page, which the start-up notice also shows. Empty if
/// the school has given no contact details.
pub(crate) fn contact() -> AnyView {
    let lines =
        document().get_element_by_id("contact").map(|kept| kept.inner_html()).unwrap_or_default();
    view! { <div class="contact" inner_html=lines></div> }.into_any()
}
