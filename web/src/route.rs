//! Router: the current page, and navigation without a reload.

use leptos::prelude::*;
pub(crate) use parlour_web_logic::route::Page;
use parlour_web_logic::route::query_id as id_in_query;
use uuid::Uuid;

use crate::browser;

/// The router: it knows the current path and navigates without reloading the page.
#[derive(Clone, Copy)]
pub(crate) struct Router {
    /// The path below the base, with the query.
    path: RwSignal<String>,
}

impl Router {
    /// Follows the address bar and the links of the page. The app calls it once. `leptos_router`
    /// can do more, but is as large as two pages.
    pub(crate) fn provide() {
        let router = Self { path: RwSignal::new(browser::current_path()) };
        provide_context(router);
        window_event_listener(leptos::ev::popstate, move |_| {
            router.path.set(browser::current_path())
        });
        window_event_listener(leptos::ev::click, move |event| {
            if let Some(path) = browser::link_path(&event) {
                event.prevent_default();
                router.go(&path);
            }
        });
    }

    /// Navigates to a path below the base.
    pub(crate) fn go(self, path: &str) {
        browser::push_path(path);
        self.sync_path();
    }

    /// Like `go`, but replaces the current page in the history.
    pub(crate) fn replace(self, path: &str) {
        browser::replace_path(path);
        self.sync_path();
    }

    fn sync_path(self) {
        self.path.set(browser::current_path());
        window().scroll_to_with_x_and_y(0.0, 0.0);
    }
}

/// Returns the router of this app.
pub(crate) fn router() -> Router {
    expect_context()
}

/// Returns the page that the path names, updated as the path changes.
pub(crate) fn page() -> Memo<Page> {
    let here = router().path;
    Memo::new(move |_| here.with(|here| Page::at(here)))
}

/// Returns the id in the path of this page. It is read once, since another id is another page.
pub(crate) fn page_id() -> Uuid {
    page().get_untracked().id().unwrap_or_default()
}

/// Returns an id from the query of the path, updated as the path changes.
pub(crate) fn query_id(name: &'static str) -> Memo<Option<Uuid>> {
    let here = router().path;
    Memo::new(move |_| here.with(|here| id_in_query(here, name)))
}
