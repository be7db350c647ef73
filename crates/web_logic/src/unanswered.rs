//! Idempotency keys of unanswered requests: a repeated request with the same content carries the
//! same `Idempotency-Key` until the server has answered it.

/// The requests that were sent and not answered yet, with their keys.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Unanswered(Vec<(String, String)>);

/// The outcome of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The server carried the request out.
    Done,
    /// The server refused the request with this status.
    Refused(u16),
    /// The server's answer did not arrive.
    Unknown,
}

impl Unanswered {
    /// Returns an empty list.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Returns the key of a request, and whether that request was sent before.
    pub fn key_of(&mut self, what: &str, new_key: impl FnOnce() -> String) -> (String, bool) {
        if let Some((_, key)) = self.0.iter().find(|(known, _)| *known == what) {
            return (key.clone(), true);
        }
        let key = new_key();
        self.0.push((what.to_owned(), key.clone()));
        (key, false)
    }

    /// Records the outcome of a request. After an indefinite outcome the next identical request
    /// uses the same key.
    pub fn settle(&mut self, what: &str, outcome: Outcome) {
        match outcome {
            Outcome::Unknown => return,
            // These statuses are temporary: the server has decided nothing.
            Outcome::Refused(status) if status >= 500 || status == 429 => return,
            Outcome::Done | Outcome::Refused(_) => {}
        }
        self.0.retain(|(known, _)| *known != what);
        // After a change or a cancellation, a request identical to an earlier one is a new
        // intention.
        if outcome == Outcome::Done && !what.starts_with("POST") {
            self.0.clear();
        }
    }
}

/// Returns whether a refused removal was carried out by an earlier request whose answer was lost.
#[must_use]
pub const fn is_gone_already(is_removal: bool, is_repeated: bool, status: u16) -> bool {
    is_removal && is_repeated && matches!(status, 404 | 410)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOK: &str = "POST /evenings/1/bookings {}";
    const CANCEL: &str = "DELETE /bookings/1 ";

    /// Generates keys that count up.
    fn ask(all: &mut Unanswered, what: &str, next: &mut u32) -> (String, bool) {
        all.key_of(what, || {
            *next += 1;
            next.to_string()
        })
    }

    #[test]
    fn an_intention_keeps_its_key_until_the_server_has_decided() {
        let check = |outcome: Outcome, is_kept: bool| {
            let (mut all, mut next) = (Unanswered::new(), 0);
            assert_eq!(ask(&mut all, BOOK, &mut next), ("1".to_owned(), false));
            all.settle(BOOK, outcome);
            let key = if is_kept { "1" } else { "2" };
            assert_eq!(ask(&mut all, BOOK, &mut next), (key.to_owned(), is_kept), "{outcome:?}");
        };
        check(Outcome::Done, false);
        check(Outcome::Refused(409), false);
        check(Outcome::Refused(422), false);
        check(Outcome::Refused(499), false);
        check(Outcome::Refused(429), true);
        check(Outcome::Refused(500), true);
        check(Outcome::Refused(503), true);
        check(Outcome::Unknown, true);
    }

    #[test]
    fn another_content_is_another_intention() {
        let (mut all, mut next) = (Unanswered::new(), 0);
        ask(&mut all, BOOK, &mut next);
        assert_eq!(ask(&mut all, CANCEL, &mut next), ("2".to_owned(), false));
        assert_eq!(ask(&mut all, BOOK, &mut next), ("1".to_owned(), true));
    }

    #[test]
    fn after_a_cancellation_the_same_booking_is_another_intention() {
        let check = |outcome: Outcome, is_kept: bool| {
            let (mut all, mut next) = (Unanswered::new(), 0);
            ask(&mut all, BOOK, &mut next);
            ask(&mut all, CANCEL, &mut next);
            all.settle(CANCEL, outcome);
            assert_eq!(ask(&mut all, BOOK, &mut next).1, is_kept, "{outcome:?}");
        };
        check(Outcome::Done, false);
        check(Outcome::Refused(409), true);
        check(Outcome::Unknown, true);
    }

    #[test]
    fn a_repeated_removal_of_what_is_gone_was_done() {
        assert!(is_gone_already(true, true, 404) && is_gone_already(true, true, 410));
        assert!(!is_gone_already(true, false, 404), "it was asked for once");
        assert!(!is_gone_already(false, true, 404), "it is no removal");
        assert!(!is_gone_already(true, true, 403));
    }
}
