//! A list that comes page by page.

use leptos::prelude::*;
use parlour_wire::Page;

use crate::{api::ApiResult, task::Task};

/// The items so far, and where the next ones are.
pub(crate) struct Paged<T: 'static> {
    pub(crate) items: RwSignal<Vec<T>>,
    pub(crate) next: RwSignal<Option<String>>,
    pub(crate) loaded: RwSignal<bool>,
    pub(crate) task: Task,
}

impl<T> Clone for Paged<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Paged<T> {}

impl<T: Send + Sync + 'static> Paged<T> {
    pub(crate) fn new() -> Self {
        Self {
            items: RwSignal::new(Vec::new()),
            next: RwSignal::new(None),
            loaded: RwSignal::new(false),
            task: Task::new(),
        }
    }

    /// Asks for the next page, or for the first one.
    pub(crate) fn load<F>(self, fetch: impl FnOnce(Option<String>) -> F)
    where
        F: Future<Output = ApiResult<Page<T>>> + 'static,
    {
        let cursor = self.next.get_untracked();
        self.task.run(fetch(cursor), move |page| {
            if self.loaded.get_untracked() {
                self.items.update(|items| items.extend(page.items));
            } else {
                self.items.set(page.items);
            }
            self.next.set(page.next_cursor);
            self.loaded.set(true);
        });
    }

    /// The next answer begins the list anew; what is there stays until it comes. A question under
    /// way is forgotten.
    pub(crate) fn renew(self) {
        self.next.set(None);
        self.loaded.set(false);
        self.task.abandon();
    }

    /// Back to nothing.
    pub(crate) fn clear(self) {
        self.items.set(Vec::new());
        self.next.set(None);
        self.loaded.set(false);
    }
}
