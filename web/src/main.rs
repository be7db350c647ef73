//! Parlour's client: starts the app and routes its pages.
use leptos::prelude::*;
use leptos_router::{
    Lazy, LazyRoute,
    components::{A, Route, Router, Routes},
    lazy_route, path,
};

fn main() {
    if let Some(frame) = document().get_element_by_id("frame") {
        frame.remove();
    }
    mount_to_body(App);
}

/// The router with all its pages.
#[component]
fn App() -> impl IntoView {
    view! {
        <Router>
            <main>
                <Routes fallback=|| "There is no such page.">
                    <Route path=path!("/") view=Home />
                    <Route path=path!("/later") view={Lazy::<Later>::new()} />
                </Routes>
            </main>
        </Router>
    }
}

/// The first page.
#[component]
fn Home() -> impl IntoView {
    view! {
        <h1>"Parlour"</h1>
        <A href="/later">"Later"</A>
    }
}

/// A page that is loaded when it is first asked for.
struct Later;

#[lazy_route]
impl LazyRoute for Later {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        let (count, set_count) = signal(0);
        view! {
            <h1>"Later"</h1>
            <button on:click=move |_| set_count.update(|count| *count += 1)>{count}</button>
        }
        .into_any()
    }
}
