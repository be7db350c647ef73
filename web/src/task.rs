//! One thing at a time: a request that a button starts, and whether it is under way.

use leptos::{prelude::*, task::spawn_local};

use crate::api::{Answer, Failure};

/// A request under way, and how the last one failed.
#[derive(Clone, Copy)]
pub(crate) struct Task {
    pub(crate) busy: RwSignal<bool>,
    pub(crate) failure: RwSignal<Option<Failure>>,
}

impl Task {
    pub(crate) fn new() -> Self {
        Self { busy: RwSignal::new(false), failure: RwSignal::new(None) }
    }

    /// Starts a request unless one is under way, and hands its answer to `then`. A failure is kept to be shown.
    pub(crate) fn run<T: 'static>(self, request: impl Future<Output = Answer<T>> + 'static, then: impl FnOnce(T) + 'static) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.failure.set(None);
        spawn_local(async move {
            let answer = request.await;
            // The page may be gone by now, and its signals with it.
            if self.busy.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(value) => then(value),
                Err(failure) => self.failure.set(Some(failure)),
            }
        });
    }

    /// For `aria-disabled`: the button keeps the focus while it works.
    pub(crate) fn disabled(self) -> impl Fn() -> Option<&'static str> + Copy + Send + 'static {
        move || self.busy.get().then_some("true")
    }
}
