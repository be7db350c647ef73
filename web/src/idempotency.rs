//! Idempotency keys: a repeated action carries the same `Idempotency-Key`.

use std::cell::RefCell;

use parlour_web_logic::unanswered::{Outcome, Unanswered, is_gone_already};

use crate::{
    api::{ApiResult, Failure},
    browser,
    js::Js,
};

/// A request that is in progress.
pub(crate) struct IdempotentRequest {
    fingerprint: String,
    is_removal: bool,
    pub(crate) key: String,
    /// The request was sent before and got no answer.
    is_repeated: bool,
}

thread_local! {
    /// The keys end with the page: a reloaded page reads the state from the server.
    static PENDING_KEYS: RefCell<Unanswered> = const { RefCell::new(Unanswered::new()) };
}

impl IdempotentRequest {
    /// Returns the idempotent request for this content; `None` for a read.
    pub(crate) fn of(method: &str, path: &str, body: &str) -> Option<Self> {
        if method == "GET" {
            return None;
        }
        let fingerprint = [method, " ", path, " ", body].concat();
        let (key, is_repeated) =
            PENDING_KEYS.with_borrow_mut(|all| all.key_of(&fingerprint, browser::random_key));
        Some(Self { fingerprint, is_removal: method == "DELETE", key, is_repeated })
    }

    /// Records the outcome. A repeated removal that finds nothing counts as done.
    pub(crate) fn settle(self, answer: ApiResult<Js>) -> ApiResult<Js> {
        let answer = match answer {
            Err(Failure::Refused(problem))
                if is_gone_already(self.is_removal, self.is_repeated, problem.status) =>
            {
                Ok(Js::default())
            }
            answer => answer,
        };
        let outcome = match &answer {
            Ok(_) => Outcome::Done,
            Err(Failure::Refused(problem)) => Outcome::Refused(problem.status),
            Err(Failure::Offline | Failure::Unreadable(_) | Failure::ChunkMissing) => {
                Outcome::Unknown
            }
        };
        PENDING_KEYS.with_borrow_mut(|all| all.settle(&self.fingerprint, outcome));
        answer
    }
}
