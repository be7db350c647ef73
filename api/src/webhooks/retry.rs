//! The retry policy of webhook deliveries: from a response it decides on success, a retry or giving
//! up.

use chrono::{DateTime, TimeDelta, Utc};

use crate::store::webhooks::{Outcome, Verdict};

/// The backoff after each failed attempt, in seconds: three days in all.
const BACKOFF: [i64; 9] =
    [5, 5 * 60, 30 * 60, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];

const HOUR: i64 = 3600;

/// The longest delay that an endpoint can ask for with `Retry-After`.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(24);

/// The verdict on the response to attempt number `tries`. `retry_after` counts only with a status
/// of 429 or 503. `chance` (0 to 255) adds a jitter of up to a tenth of the delay, so that
/// deliveries that failed together are not all retried together.
pub(super) fn verdict(
    outcome: &Outcome,
    tries: i32,
    retry_after: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    chance: u8,
) -> Verdict {
    match outcome.answer {
        Ok(200..=299) => return Verdict::Delivered,
        Ok(410) => return Verdict::Gone,
        _ => {}
    }
    let Some(pause) = backoff(tries) else { return Verdict::GivenUp };
    let due_at = now + pause + pause * i32::from(chance) / 2550;
    let asked_for = retry_after
        .filter(|_| matches!(outcome.answer, Ok(429 | 503)))
        .map(|at| at.min(now + LONGEST_WAIT));
    Verdict::Retry(asked_for.map_or(due_at, |asked_for| asked_for.max(due_at)))
}

/// The delay after `tries` attempts; `None` when it is time to give up.
fn backoff(tries: i32) -> Option<TimeDelta> {
    let index = usize::try_from(tries).ok()?.checked_sub(1)?;
    BACKOFF.get(index).map(|seconds| TimeDelta::seconds(*seconds))
}

/// The time in a `Retry-After` header: seconds from now, or a date (RFC 9110, 10.2.3).
pub(super) fn retry_after(header: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    match header.trim().parse::<u32>() {
        Ok(seconds) => Some(now + TimeDelta::seconds(seconds.into())),
        Err(_) => DateTime::parse_from_rfc2822(header.trim()).ok().map(Into::into),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::webhooks::DeliveryError;

    fn now() -> DateTime<Utc> {
        "2026-11-23T10:00:00Z".parse().unwrap()
    }

    fn after(
        answer: Result<u16, DeliveryError>,
        tries: i32,
        asked_for: Option<&str>,
        chance: u8,
    ) -> Verdict {
        let outcome = Outcome { began_at: now(), duration_ms: 1, answer };
        verdict(
            &outcome,
            tries,
            asked_for.and_then(|header| retry_after(header, now())),
            now(),
            chance,
        )
    }

    #[test]
    fn response_status_decides_delivery_outcome() {
        let in_seconds = |seconds| Verdict::Retry(now() + TimeDelta::seconds(seconds));
        assert_eq!(after(Ok(200), 1, None, 0), Verdict::Delivered);
        assert_eq!(after(Ok(204), 9, None, 0), Verdict::Delivered);
        assert_eq!(after(Ok(410), 1, None, 0), Verdict::Gone);
        for answer in [
            Ok(301),
            Ok(400),
            Ok(404),
            Ok(500),
            Err(DeliveryError::Timeout),
            Err(DeliveryError::AddressNotAllowed),
        ] {
            assert_eq!(after(answer, 1, None, 0), in_seconds(5), "{answer:?}");
            assert_eq!(after(answer, 10, None, 0), Verdict::GivenUp, "{answer:?}");
        }
        // An endpoint can ask for a longer delay of up to a day. A shorter one is ignored, and so
        // is the header of a response with another status.
        assert_eq!(after(Ok(503), 1, Some("120"), 0), in_seconds(120));
        assert_eq!(after(Ok(429), 1, Some("Mon, 23 Nov 2026 10:02:00 GMT"), 0), in_seconds(120));
        assert_eq!(after(Ok(503), 2, Some("1"), 0), in_seconds(300));
        assert_eq!(after(Ok(503), 1, Some("9999999"), 0), in_seconds(24 * HOUR));
        assert_eq!(after(Ok(500), 1, Some("120"), 0), in_seconds(5));
        assert_eq!(after(Ok(503), 1, Some("soon"), 0), in_seconds(5));
    }

    #[test]
    fn backoff_grows_for_three_days() {
        let pauses: Vec<TimeDelta> = (1..).map_while(backoff).collect();
        assert!(pauses.is_sorted());
        let all: TimeDelta = pauses.iter().sum();
        assert!(all >= TimeDelta::days(3) && all < TimeDelta::days(4), "{all}");
        assert_eq!(backoff(0), None);
        assert_eq!(after(Ok(500), 2, None, 255), Verdict::Retry(now() + TimeDelta::seconds(330)));
    }
}
