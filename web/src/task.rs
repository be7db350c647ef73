//! Task: a request that a button starts, one at a time.

use std::pin::Pin;

use leptos::prelude::*;

use crate::api::{ApiResult, Failure};

/// The function to run after a successful answer.
type OnSuccess = Box<dyn FnOnce()>;

/// The request in progress, and the failure of the last one.
#[derive(Clone, Copy)]
pub(crate) struct Task {
    pub(crate) busy: RwSignal<bool>,
    pub(crate) failure: RwSignal<Option<Failure>>,
    /// The number of the latest request; the answer to an abandoned one is ignored.
    latest: StoredValue<u32>,
}

impl Task {
    pub(crate) fn new() -> Self {
        Self {
            busy: RwSignal::new(false),
            failure: RwSignal::new(None),
            latest: StoredValue::new(0),
        }
    }

    /// Starts a request unless one is in progress, and passes its answer to `then`. A failure is
    /// kept for display.
    pub(crate) fn run<T: 'static>(
        self,
        request: impl Future<Output = ApiResult<T>> + 'static,
        then: impl FnOnce(T) + 'static,
    ) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.failure.set(None);
        self.start(Box::pin(async move {
            let value = request.await?;
            Ok(Box::new(move || then(value)) as OnSuccess)
        }));
    }

    /// The part of [`Task::run`] that is the same for every request, compiled once. A successful
    /// request returns the function to run next.
    fn start(self, request: Pin<Box<dyn Future<Output = ApiResult<OnSuccess>>>>) {
        let number = self.latest.get_value();
        spawn(Box::pin(async move {
            let answer = request.await;
            // The page and its signals may be gone by now.
            if self.latest.try_get_value() != Some(number) {
                return;
            }
            self.busy.set(false);
            match answer {
                Ok(then) => then(),
                Err(failure) => self.failure.set(Some(failure)),
            }
        }));
    }

    /// Abandons the request in progress: its answer is ignored.
    pub(crate) fn abandon(self) {
        self.latest.update_value(|latest| *latest += 1);
        self.busy.set(false);
    }

    /// The value of `aria-disabled`; unlike a disabled button, the button keeps the focus.
    pub(crate) fn disabled(self) -> impl Fn() -> Option<&'static str> + Copy + Send + 'static {
        move || self.busy.get().then_some("true")
    }
}

/// Spawns a future. It is boxed, since the code behind it would otherwise be compiled once per
/// caller.
pub(crate) fn spawn(work: Pin<Box<dyn Future<Output = ()>>>) {
    leptos::task::spawn_local(work);
}
