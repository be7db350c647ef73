//! One `Idempotency-Key` for each action, over its repetitions.

use std::cell::RefCell;

use parlour_web_logic::unanswered::{Outcome, Unanswered, is_gone_already};

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
    /// It ends with the page: one that is loaded again reads what the server has done.
    static UNANSWERED: RefCell<Unanswered> = const { RefCell::new(Unanswered::new()) };
}

impl Intent {
    /// What this request wants to be done; none for one that only reads.
    pub(crate) fn of(method: &str, path: &str, body: &str) -> Option<Self> {
        if method == "GET" {
            return None;
        }
        let what = [method, " ", path, " ", body].concat();
        let (key, is_repeated) =
            UNANSWERED.with_borrow_mut(|all| all.key_of(&what, browser::attempt_key));
        Some(Self { what, is_removal: method == "DELETE", key, is_repeated })
    }

    /// Takes note of what came back.
    pub(crate) fn settle(self, answer: Answer<Js>) -> Answer<Js> {
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
            Err(Failure::Offline | Failure::Unreadable(_) | Failure::PartMissing) => {
                Outcome::Unknown
            }
        };
        UNANSWERED.with_borrow_mut(|all| all.settle(&self.what, outcome));
        answer
    }
}
