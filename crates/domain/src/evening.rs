//! Times of an evening: the slots, the gap rule and the booking window.

use chrono::{DateTime, TimeDelta, Utc};

use crate::Refusal;

/// Mode of the appointments of an evening.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Every appointment is a video call.
    Video,
    /// Every appointment takes place at the school.
    InPerson,
    /// Some classes meet by video and some in person.
    Hybrid,
}

/// The state of an evening, which decides who sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Only the office and its API clients see it; nobody can book.
    Draft,
    /// Everybody concerned sees it; parents can book during the booking window.
    Published,
    /// Everybody concerned sees it; parents can no longer book, change or cancel.
    Closed,
}

/// The valid times of an evening; [`Timing::new`] is the only constructor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timing {
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    slot_minutes: u32,
    gap_seconds: u32,
}

/// The reason why times of an evening are invalid.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the error text of each variant is its documentation")]
pub enum TimingError {
    #[error("a slot lasts from 1 to 120 minutes")]
    SlotLength,
    #[error("a gap is under 1 minute, or whole minutes up to 60")]
    Gap,
    #[error(
        "the evening must start on a whole minute and end after its first slot, within 24 hours"
    )]
    Span,
}

impl Timing {
    /// Checks and takes the times: slots of `slot_minutes`, with `gap_seconds` between two talks.
    ///
    /// # Errors
    /// [`TimingError`] when the slots would not lie on whole minutes or none would fit.
    pub fn new(
        starts_at: DateTime<Utc>,
        ends_at: DateTime<Utc>,
        slot_minutes: u32,
        gap_seconds: u32,
    ) -> Result<Self, TimingError> {
        if !(1..=120).contains(&slot_minutes) {
            return Err(TimingError::SlotLength);
        }
        if gap_seconds >= 60 && (!gap_seconds.is_multiple_of(60) || gap_seconds > 3600) {
            return Err(TimingError::Gap);
        }
        let timing = Self { starts_at, ends_at, slot_minutes, gap_seconds };
        let span = ends_at - starts_at;
        let on_the_minute =
            starts_at.timestamp_subsec_nanos() == 0 && starts_at.timestamp() % 60 == 0;
        if !on_the_minute || span < timing.slot_length() || span > TimeDelta::hours(24) {
            return Err(TimingError::Span);
        }
        Ok(timing)
    }

    /// The start of the first slot.
    #[must_use]
    pub const fn starts_at(&self) -> DateTime<Utc> {
        self.starts_at
    }

    /// The time by which the last slot must have ended.
    #[must_use]
    pub const fn ends_at(&self) -> DateTime<Utc> {
        self.ends_at
    }

    /// Length of a slot.
    #[must_use]
    pub fn slot_length(&self) -> TimeDelta {
        TimeDelta::minutes(i64::from(self.slot_minutes))
    }

    /// The time between the starts of two consecutive slots: a gap of a minute or more is added
    /// after the slot, a shorter one is taken out of it.
    #[must_use]
    pub fn period(&self) -> TimeDelta {
        let added = if self.gap_seconds >= 60 { self.gap_seconds } else { 0 };
        self.slot_length() + TimeDelta::seconds(i64::from(added))
    }

    /// The duration of the talk, which the countdown shows: the slot minus a gap of under a minute.
    #[must_use]
    pub fn talk_length(&self) -> TimeDelta {
        let taken = if self.gap_seconds < 60 { self.gap_seconds } else { 0 };
        self.slot_length() - TimeDelta::seconds(i64::from(taken))
    }

    /// The starts of all slots, in order.
    pub fn slots(&self) -> impl Iterator<Item = DateTime<Utc>> + use<> {
        let (first, last, period) =
            (self.starts_at, self.ends_at - self.slot_length(), self.period());
        std::iter::successors(Some(first), move |at| Some(*at + period))
            .take_while(move |at| *at <= last)
    }

    /// Checks that a slot starts at this time.
    ///
    /// # Errors
    /// [`Refusal::NotASlot`] otherwise.
    pub fn check_slot(&self, at: DateTime<Utc>) -> Result<(), Refusal> {
        self.slots().any(|slot| slot == at).then_some(()).ok_or(Refusal::NotASlot)
    }
}

/// The period in which parents may book, change and cancel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BookingWindow {
    /// The first moment of the window.
    pub opens_at: DateTime<Utc>,
    /// The first moment after the window.
    pub closes_at: DateTime<Utc>,
}

impl BookingWindow {
    /// The window of an evening that staff closed at this time, if they did.
    #[must_use]
    pub fn closed(self, at: Option<DateTime<Utc>>) -> Self {
        Self { closes_at: at.map_or(self.closes_at, |at| at.min(self.closes_at)), ..self }
    }

    /// Checks that parents may book now.
    ///
    /// # Errors
    /// [`Refusal::BookingNotOpen`] before the window and [`Refusal::BookingClosed`] after it.
    pub fn check(&self, now: DateTime<Utc>) -> Result<(), Refusal> {
        // An evening may be closed before its window opens.
        if now >= self.closes_at {
            Err(Refusal::BookingClosed)
        } else if now < self.opens_at {
            Err(Refusal::BookingNotOpen)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn timing(slot_minutes: u32, gap_seconds: u32) -> Timing {
        Timing::new(
            at("2026-11-26T16:00:00Z"),
            at("2026-11-26T16:30:00Z"),
            slot_minutes,
            gap_seconds,
        )
        .unwrap()
    }

    #[test]
    fn gap_rule_sets_period_talk_length_and_slots() {
        let check = |slot, gap, period_seconds: i64, talk_seconds: i64, slots: usize| {
            let timing = timing(slot, gap);
            assert_eq!(
                timing.period().num_seconds(),
                period_seconds,
                "period of {slot} min + {gap} s"
            );
            assert_eq!(
                timing.talk_length().num_seconds(),
                talk_seconds,
                "talk of {slot} min + {gap} s"
            );
            assert_eq!(timing.slots().count(), slots, "slots of {slot} min + {gap} s");
        };
        check(5, 30, 300, 270, 6);
        check(5, 60, 360, 300, 5);
        check(5, 0, 300, 300, 6);
        check(30, 0, 1800, 1800, 1);
        check(10, 300, 900, 600, 2);
    }

    #[test]
    fn invalid_timings_and_non_slot_times_are_refused() {
        let make = |from: &str, to: &str, slot, gap| Timing::new(at(from), at(to), slot, gap);
        let (from, to) = ("2026-11-26T16:00:00Z", "2026-11-26T18:00:00Z");
        assert_eq!(make(from, to, 0, 0), Err(TimingError::SlotLength));
        assert_eq!(make(from, to, 5, 90), Err(TimingError::Gap));
        assert_eq!(make(from, "2026-11-26T16:04:00Z", 5, 0), Err(TimingError::Span));
        assert_eq!(make("2026-11-26T16:00:30Z", to, 5, 0), Err(TimingError::Span));
        assert_eq!(timing(5, 60).check_slot(at("2026-11-26T16:06:00Z")), Ok(()));
        assert_eq!(timing(5, 60).check_slot(at("2026-11-26T16:05:00Z")), Err(Refusal::NotASlot));
    }

    #[test]
    fn booking_window_is_half_open() {
        let window = BookingWindow {
            opens_at: at("2026-11-01T08:00:00Z"),
            closes_at: at("2026-11-26T12:00:00Z"),
        };
        assert_eq!(window.check(at("2026-11-01T07:59:59Z")), Err(Refusal::BookingNotOpen));
        assert_eq!(window.check(at("2026-11-01T08:00:00Z")), Ok(()));
        assert_eq!(window.check(at("2026-11-26T12:00:00Z")), Err(Refusal::BookingClosed));
    }

    #[test]
    fn closing_early_ends_the_booking_window() {
        let window = BookingWindow {
            opens_at: at("2026-11-01T08:00:00Z"),
            closes_at: at("2026-11-26T12:00:00Z"),
        };
        let check = |closed: &str, now: &str, expected| {
            assert_eq!(
                window.closed(Some(at(closed))).check(at(now)),
                expected,
                "closed {closed}, now {now}"
            )
        };
        check("2026-11-10T08:00:00Z", "2026-11-10T07:59:59Z", Ok(()));
        check("2026-11-10T08:00:00Z", "2026-11-10T08:00:00Z", Err(Refusal::BookingClosed));
        check("2026-10-10T08:00:00Z", "2026-10-11T08:00:00Z", Err(Refusal::BookingClosed));
        check("2026-11-26T13:00:00Z", "2026-11-26T12:00:00Z", Err(Refusal::BookingClosed));
        assert_eq!(window.closed(None), window);
    }
}
