//! Paged list.

use leptos::prelude::*;
use parlour_wire::Page;

use crate::{api::ApiResult, task::Task};

/// The items loaded so far, and the cursor of the next page.
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

    /// Loads the next page, or the first one.
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

    /// Makes the next answer start the list afresh; the old items stay until it arrives. A request
    /// in progress is abandoned.
    pub(crate) fn renew(self) {
        self.next.set(None);
        self.loaded.set(false);
        self.task.abandon();
    }

    /// Empties the list.
    pub(crate) fn clear(self) {
        self.items.set(Vec::new());
        self.next.set(None);
        self.loaded.set(false);
    }
}
