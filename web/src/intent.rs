//! One `Idempotency-Key` for each intention: the same action with the same content carries the same
//! key until the server has answered it.

use std::cell::RefCell;

use parlour_wire::Problem;

use crate::{
    api::{Answer, Failure},
    browser,
    js::Js,
};

/// An action that is under way.
pub(crate) struct Intent {
    what: String,
    is_removal: bool,
    pub(crate) key: String,
    /// It was sent before, and no answer came.
    is_repeated: bool,
}

thread_local! {
    /// Actions that were sent and have no answer yet, each with its key. Ends with the page: a page
    /// that is loaded again reads from the server what was done.
    static UNANSWERED: RefCell<Vec<(String, String)>> = const { RefCell::new(Vec::new()) };
}

impl Intent {
    /// What this request wants to be done; none for one that only reads.
    pub(crate) fn of(method: &str, path: &str, body: &str) -> Option<Self> {
        if method == "GET" {
            return None;
        }
        let what = [method, " ", path, " ", body].concat();
        let known = UNANSWERED.with_borrow(|all| {
            all.iter().find(|(known, _)| *known == what).map(|(_, key)| key.clone())
        });
        let is_repeated = known.is_some();
        let key = known.unwrap_or_else(|| {
            let key = browser::attempt_key();
            UNANSWERED.with_borrow_mut(|all| all.push((what.clone(), key.clone())));
            key
        });
        Some(Self { what, is_removal: method == "DELETE", key, is_repeated })
    }

    /// Takes note of what came back. Where nothing definite did, the next request for the same goes
    /// on with this key.
    pub(crate) fn settle(self, answer: Answer<Js>) -> Answer<Js> {
        let answer = match answer {
            // What we removed before is gone: the answer to that was lost.
            Err(Failure::Refused(problem))
                if self.is_removal && self.is_repeated && matches!(problem.status, 404 | 410) =>
            {
                Ok(Js::default())
            }
            answer => answer,
        };
        let is_definite = match &answer {
            Ok(_) => true,
            Err(Failure::Refused(problem)) => is_decision(problem),
            Err(Failure::Offline | Failure::Unreadable(_) | Failure::PartMissing) => false,
        };
        if is_definite {
            UNANSWERED.with_borrow_mut(|all| {
                all.retain(|(known, _)| *known != self.what);
                // After something was cancelled or moved, to ask for what was asked for before is
                // another intention.
                if answer.is_ok() && !self.what.starts_with("POST") {
                    all.clear();
                }
            });
        }
        answer
    }
}

/// Whether the server has decided, and not just had no time.
fn is_decision(problem: &Problem) -> bool {
    problem.status < 500 && problem.status != 429
}
