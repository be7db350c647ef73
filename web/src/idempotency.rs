//! One `Idempotency-Key` for each action, over its repetitions.

use std::cell::RefCell;

use parlour_web_logic::unanswered::{Outcome, Unanswered, is_gone_already};

use crate::{
    api::{ApiResult, Failure},
    browser,
    js::Js,
};

/// An action that is under way.
pub(crate) struct IdempotentRequest {
    fingerprint: String,
    is_removal: bool,
    pub(crate) key: String,
    /// It was sent before, and no answer came.
    is_repeated: bool,
}

thread_local! {
    /// It ends with the page: one that is loaded again reads what the server has done.
    static PENDING_KEYS: RefCell<Unanswered> = const { RefCell::new(Unanswered::new()) };
}

impl IdempotentRequest {
    /// What this request wants to be done; none for one that only reads.
    pub(crate) fn of(method: &str, path: &str, body: &str) -> Option<Self> {
        if method == "GET" {
            return None;
        }
        let fingerprint = [method, " ", path, " ", body].concat();
        let (key, is_repeated) =
            PENDING_KEYS.with_borrow_mut(|all| all.key_of(&fingerprint, browser::random_key));
        Some(Self { fingerprint, is_removal: method == "DELETE", key, is_repeated })
    }

    /// Takes note of what came back.
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
