//! Heading of a page, which also sets the document's title and takes the focus on arrival.

use leptos::{html, prelude::*};

use crate::session::session;

/// The one `h1` of a page.
#[component]
pub(crate) fn Heading(#[prop(into)] text: Signal<String>) -> impl IntoView {
    let heading = NodeRef::<html::H1>::new();
    let session = session();
    Effect::new(move || {
        // The school's name is part of the title and may load later than the page.
        session.school.track();
        if let Some(element) = heading.get() {
            session.focus_heading(&text.read(), element.into());
        }
    });
    view! { <h1 node_ref=heading tabindex="-1" prop:textContent=text></h1> }
}
