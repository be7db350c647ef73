//! Query to the server that a page starts with and can repeat.

use std::pin::Pin;

use leptos::prelude::*;
use parlour_web_logic::query::{self, Latest, next_phase};

use crate::{
    api::{ApiResult, Failure},
    task::spawn,
};

type Request<T> = Box<dyn Fn() -> Pin<Box<dyn Future<Output = ApiResult<T>>>> + Send + Sync>;

/// The loading state of a query.
pub(crate) type QueryState = query::QueryState<Failure>;

/// A query and its latest answer. Reactive code depends on the state only, so that it is compiled
/// once. The code of a leptos resource would be compiled once per type of answer.
pub(crate) struct Query<T: 'static> {
    pub(crate) state: RwSignal<QueryState>,
    value: StoredValue<Option<T>>,
    request: StoredValue<Request<T>>,
    latest: StoredValue<Latest>,
}

impl<T> Clone for Query<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Query<T> {}

impl<T: Clone + PartialEq + Send + Sync + 'static> Query<T> {
    /// Sends the request at once.
    pub(crate) fn new<F: Future<Output = ApiResult<T>> + 'static>(
        request: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self {
        let query = Self {
            state: RwSignal::new(QueryState::Loading),
            value: StoredValue::new(None),
            request: StoredValue::new(Box::new(move || Box::pin(request()))),
            latest: StoredValue::new(Latest::default()),
        };
        query.refetch();
        query
    }

    /// Repeats the request. The old value stays until the answer arrives; an equal answer changes
    /// nothing, and an answer to an earlier request is ignored.
    pub(crate) fn refetch(self) {
        let Some(answer) = self.request.try_with_value(|request| request()) else { return };
        let Some(number) = self.latest.try_update_value(Latest::begin) else { return };
        spawn(Box::pin(async move {
            let answer = answer.await;
            // The page and its signals may be gone by now.
            if !self.latest.try_get_value().is_some_and(|latest| latest.is(number)) {
                return;
            }
            let answer = answer.map(|value| {
                let is_known = self.value.with_value(|known| known.as_ref() == Some(&value));
                if !is_known {
                    self.value.set_value(Some(value));
                }
                is_known
            });
            set_if_changed(self.state, number, answer);
        }));
    }

    /// Returns the latest value.
    pub(crate) fn value(self) -> Option<T> {
        self.value.with_value(Clone::clone)
    }
}

fn set_if_changed(state: RwSignal<QueryState>, number: u32, answer: ApiResult<bool>) {
    let next = next_phase(&*state.read_untracked(), number, answer);
    if let Some(next) = next {
        state.set(next);
    }
}
