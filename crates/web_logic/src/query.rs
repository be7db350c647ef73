//! State of a query: which answer counts, and whether an answer changes the state.

/// The loading state of a query.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum QueryState<F> {
    /// No answer has come yet.
    Loading,
    /// A value is loaded; the number is that of the request that loaded it.
    Loaded(u32),
    /// The latest request failed.
    Failed(F),
}

/// The number of the latest request. Answers to earlier requests are ignored.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Latest(u32);

impl Latest {
    /// Starts a request and returns its number.
    pub const fn begin(&mut self) -> u32 {
        self.0 += 1;
        self.0
    }

    /// Returns whether `number` is the number of the latest request.
    #[must_use]
    pub const fn is(self, number: u32) -> bool {
        self.0 == number
    }
}

/// Returns the state after an answer, or `None` if the answer changes nothing: the same value or
/// the same failure again. `Ok(is_known)` says whether the new value equals the previous one.
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
        // A value that equals the one before the failure is shown again.
        check(Failed("offline"), Ok(true), Some(Loaded(7)));
        check(Failed("offline"), Ok(false), Some(Loaded(7)));
    }
}
