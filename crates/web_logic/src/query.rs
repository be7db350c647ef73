//! The state of a query: which of its answers counts, and whether it brings anything new.

/// How far a query is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum QueryState<F> {
    /// No answer has come yet.
    Loading,
    /// A value is there, of the request of this number.
    Loaded(u32),
    /// The latest answer was a failure.
    Failed(F),
}

/// The number of the latest request. An answer to an earlier one is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Latest(u32);

impl Latest {
    /// Begins a request and returns its number.
    pub const fn begin(&mut self) -> u32 {
        self.0 += 1;
        self.0
    }

    /// Whether the answer to the request of this number is the one that is waited for.
    #[must_use]
    pub const fn is(self, number: u32) -> bool {
        self.0 == number
    }
}

/// The state after an answer, where it differs from the one before: the same value, or the same
/// failure, changes nothing. `is_known`: the value is the one that was there before.
pub fn next_phase<F: PartialEq>(
    before: &QueryState<F>,
    number: u32,
    answer: Result<bool, F>,
) -> Option<QueryState<F>> {
    match answer {
        Ok(is_known) if is_known && matches!(before, QueryState::Loaded(_)) => None,
        Ok(_) => Some(QueryState::Loaded(number)),
        Err(failure) => Some(QueryState::Failed(failure)).filter(|state| state != before),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_answer_to_the_latest_request_counts() {
        let mut latest = Latest::default();
        let first = latest.begin();
        assert!(latest.is(first));
        let second = latest.begin();
        assert!(!latest.is(first) && latest.is(second));
    }

    #[test]
    fn an_answer_changes_the_phase_where_it_is_new() {
        use QueryState::{Failed, Loaded, Loading};
        let check = |before: QueryState<&str>, answer: Result<bool, &'static str>, next| {
            assert_eq!(next_phase(&before, 7, answer), next, "{before:?}, {answer:?}");
        };
        check(Loading, Ok(false), Some(Loaded(7)));
        check(Loading, Err("offline"), Some(Failed("offline")));
        check(Loaded(1), Ok(true), None);
        check(Loaded(1), Ok(false), Some(Loaded(7)));
        check(Loaded(1), Err("offline"), Some(Failed("offline")));
        check(Failed("offline"), Err("offline"), None);
        check(Failed("offline"), Err("busy"), Some(Failed("busy")));
        // The value that was there before the failure is shown again.
        check(Failed("offline"), Ok(true), Some(Loaded(7)));
        check(Failed("offline"), Ok(false), Some(Loaded(7)));
    }
}
