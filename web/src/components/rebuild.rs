//! A view that is made anew whenever it changes, so that nothing of the one before stays in the
//! page.

use leptos::{either::Either, prelude::*};

/// Shows a view that depends on signals, and makes it anew each time.
///
/// A plain closure would change its elements in place where two views have the same shape, and
/// write into text nodes that a translating browser has replaced. Where elements must stay, since
/// they have the focus, a closure is right: its texts are then written by `prop:textContent`.
pub(crate) fn rebuild_on_change(show: impl Fn() -> AnyView + Send + Sync + 'static) -> AnyView {
    rebuild_boxed(Box::new(show))
}

/// Not generic: its code would stand in the web app once for each closure.
fn rebuild_boxed(show: Box<dyn Fn() -> AnyView + Send + Sync>) -> AnyView {
    let is_left = StoredValue::new(false);
    let views = move || {
        is_left.update_value(|is_left| *is_left = !*is_left);
        let view = show();
        // The other side each time: it is built, and the one before taken away.
        if is_left.get_value() { Either::Left(view) } else { Either::Right(view) }
    };
    views.into_any()
}
