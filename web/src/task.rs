//! One thing at a time: a request that a button starts, and whether it is under way.

use std::pin::Pin;

use leptos::prelude::*;

use crate::api::{ApiResult, Failure};

/// What to do once the answer is there.
type OnSuccess = Box<dyn FnOnce()>;

/// A request under way, and how the last one failed.
#[derive(Clone, Copy)]
pub(crate) struct Task {
    pub(crate) busy: RwSignal<bool>,
    pub(crate) failure: RwSignal<Option<Failure>>,
    /// Which request is the latest: an earlier one that was abandoned is not heard any more.
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

    /// Starts a request unless one is under way, and hands its answer to `then`. A failure is kept
    /// to be shown.
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

    /// The same for every kind of request; its answer is what to do next.
    fn start(self, request: Pin<Box<dyn Future<Output = ApiResult<OnSuccess>>>>) {
        let number = self.latest.get_value();
        spawn(Box::pin(async move {
            let answer = request.await;
            // The page may be gone by now, and its signals with it.
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

    /// Lets go of the request under way: its answer is not taken.
    pub(crate) fn abandon(self) {
        self.latest.update_value(|latest| *latest += 1);
        self.busy.set(false);
    }

    /// For `aria-disabled`: the button keeps the focus while it works.
    pub(crate) fn disabled(self) -> impl Fn() -> Option<&'static str> + Copy + Send + 'static {
        move || self.busy.get().then_some("true")
    }
}

/// Starts something that runs by itself. Boxed, since the machinery behind it would otherwise be
/// made once for each caller.
pub(crate) fn spawn(work: Pin<Box<dyn Future<Output = ()>>>) {
    leptos::task::spawn_local(work);
}
