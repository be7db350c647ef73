//! Icons that stand beside words and never replace them.

use leptos::prelude::*;

/// The icon to draw.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shape {
    Add,
    Calendar,
    Clock,
    Cross,
    Info,
    Mail,
    Person,
    Print,
    Tick,
    Video,
    Warning,
}

/// An icon in the colour of the text around it.
#[component]
pub(crate) fn Icon(shape: Shape) -> impl IntoView {
    let path = match shape {
        Shape::Add => "M12 5v14M5 12h14",
        Shape::Calendar => "M4 6h16v14H4zM4 10h16M8 3v4M16 3v4",
        Shape::Clock => "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 7v5l3 2",
        Shape::Cross => "M6 6l12 12M18 6L6 18",
        Shape::Info => "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 11v6M12 7.5v.5",
        Shape::Mail => "M3 6h18v12H3zM3 7l9 7 9-7",
        Shape::Person => "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8M4 21c0-4 3.5-6 8-6s8 2 8 6",
        Shape::Print => "M7 9V3h10v6M7 17H4V9h16v8h-3M7 14h10v7H7z",
        Shape::Tick => "M5 13l4 4L19 7",
        Shape::Video => "M3 7h12v10H3zM15 11l6-4v10l-6-4",
        Shape::Warning => "M12 3L2 20h20zM12 10v4M12 17v.5",
    };
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
            <path d=path />
        </svg>
    }
}
