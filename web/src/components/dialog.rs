//! Modal dialog, built on the browser's own `<dialog>`, which manages the focus, the Escape key and
//! the inert background.

use leptos::{html, prelude::*};

use super::{Icon, Shape};
use crate::{browser, texts::t};

/// A dialog that is open while `open` is true. Its content is rebuilt each time it opens.
#[component]
pub(crate) fn Dialog(
    open: RwSignal<bool>,
    #[prop(into)] title: Signal<String>,
    id: &'static str,
    children: ChildrenFn,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
        let Some(element) = dialog.get() else { return };
        if open.get() && !element.open() {
            let _ = element.show_modal();
            // The focus goes to the first enabled control; the close button comes last in the
            // document.
            if let Some(first) =
                browser::find(&element, "input:not(:disabled), .dialog-body button:not(:disabled)")
            {
                browser::focus_after_paint(first);
            }
        } else if !open.get() && element.open() {
            element.close();
        }
    });
    let heading = StoredValue::new(format!("{id}-title"));
    view! {
        <dialog
            node_ref=dialog
            id=id
            aria-labelledby=heading.get_value()
            on:close=move |_| {
                open.set(false);
                browser::recover_focus(id);
            }
        >
            <div class="dialog-head">
                <h2 id=heading.get_value() prop:textContent=title></h2>
            </div>
            <div class="dialog-body">{move || open.get().then(|| children())}</div>
            <button
                class="close"
                type="button"
                aria-label=t().close
                on:click=move |_| open.set(false)
            >
                <Icon shape=Shape::Cross />
            </button>
        </dialog>
    }
}
