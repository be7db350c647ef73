//! A block that is made anew whenever what it shows becomes another thing.

use leptos::prelude::*;

/// Shows a view that depends on signals, and makes it anew each time.
///
/// A plain closure would change its elements in place where two views have the same shape, and write into text nodes that a translating browser has
/// replaced. Where elements must stay, since they have the focus, a closure is right: its texts are then written by `prop:textContent`.
pub(crate) fn fresh(show: impl Fn() -> AnyView + Send + Sync + 'static) -> AnyView {
    let times = StoredValue::new(0_u32);
    let views = move || {
        times.update_value(|times| *times += 1);
        [(times.get_value(), show())]
    };
    view! { <For each=views key=|(time, _)| *time children=|(_, view): (u32, AnyView)| view /> }.into_any()
}
