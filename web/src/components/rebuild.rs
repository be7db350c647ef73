//! View that is rebuilt from scratch on every change, so that no element of the previous view
//! remains.

use leptos::{either::Either, prelude::*};

/// Shows a view that depends on signals, and rebuilds it on every change.
///
/// A plain closure would update elements in place where two views have the same shape, and would
/// write into text nodes that a browser's translation has replaced. Where elements must stay
/// because they have the focus, a closure is right; its texts are then written by
/// `prop:textContent`.
pub(crate) fn rebuild_on_change(show: impl Fn() -> AnyView + Send + Sync + 'static) -> AnyView {
    rebuild_boxed(Box::new(show))
}

/// Not generic, so that the web app contains its code once and not once per closure.
fn rebuild_boxed(show: Box<dyn Fn() -> AnyView + Send + Sync>) -> AnyView {
    let is_left = StoredValue::new(false);
    let views = move || {
        is_left.update_value(|is_left| *is_left = !*is_left);
        let view = show();
        // Alternating between the sides forces a new view to be built and the previous one to be
        // removed.
        if is_left.get_value() { Either::Left(view) } else { Either::Right(view) }
    };
    views.into_any()
}
