//! The page that is shown, and the way from one to the other.

use leptos::prelude::*;
pub(crate) use parlour_web_logic::route::Page;
use parlour_web_logic::route::query_id as id_in_query;
use uuid::Uuid;

use crate::browser;

/// The one who knows where one is, and leads elsewhere without loading the page anew.
#[derive(Clone, Copy)]
pub(crate) struct Router {
    /// The path below the base, with the query.
    path: RwSignal<String>,
}

impl Router {
    /// Follows the address bar and the links of the page. For the app, once: `leptos_router` can do
    /// more, and weighs as much as two pages.
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

    /// Goes to a path below the base.
    pub(crate) fn go(self, path: &str) {
        browser::push_path(path);
        self.sync_path();
    }

    /// As `go`; the way back skips the page one is on.
    pub(crate) fn replace(self, path: &str) {
        browser::replace_path(path);
        self.sync_path();
    }

    fn sync_path(self) {
        self.path.set(browser::current_path());
        window().scroll_to_with_x_and_y(0.0, 0.0);
    }
}

/// The router of this app.
pub(crate) fn router() -> Router {
    expect_context()
}

/// The page that the address names, followed as it changes.
pub(crate) fn page() -> Memo<Page> {
    let here = router().path;
    Memo::new(move |_| here.with(|here| Page::at(here)))
}

/// The id in the address of this page. It stays as it is: another id is another page.
pub(crate) fn page_id() -> Uuid {
    page().get_untracked().id().unwrap_or_default()
}

/// An id from the query, followed as it changes.
pub(crate) fn query_id(name: &'static str) -> Memo<Option<Uuid>> {
    let here = router().path;
    Memo::new(move |_| here.with(|here| id_in_query(here, name)))
}
