//! Rules for an evening's times and capacity, and the conversion of its local times to instants.

use chrono::{DateTime, LocalResult, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;
use parlour_domain::evening::{BookingWindow, Timing, TimingError};

use super::{EveningSpec, SpecError};

/// The checked times of an evening.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Checked {
    /// The slots.
    pub timing: Timing,
    /// Booking window for parents.
    pub window: BookingWindow,
    /// The evening's zone.
    pub zone: Tz,
}

impl EveningSpec {
    /// Checks everything but the classes. The booking window is read in the school's zone, the
    /// evening in its own.
    ///
    /// # Errors
    /// [`SpecError`] for the first key that is wrong.
    pub fn check(&self, school_zone: Tz) -> Result<Checked, SpecError> {
        let zone = self.zone.unwrap_or(school_zone);
        let timing = self.timing(zone)?;
        let window = self.window(school_zone, &timing)?;
        if !(2..=5).contains(&self.capacity) {
            let what = format!("a call holds 2 to 5 people, not {}", self.capacity);
            return Err(SpecError::new("capacity", "range", what));
        }
        Ok(Checked { timing, window, zone })
    }

    fn timing(&self, zone: Tz) -> Result<Timing, SpecError> {
        if self.ends <= self.starts {
            let what = "must be later than starts, on the same day";
            return Err(SpecError::new("ends", "order", what));
        }
        let starts_at = instant("starts", zone, self.date.and_time(self.starts))?;
        let ends_at = instant("ends", zone, self.date.and_time(self.ends))?;
        let timing = Timing::new(starts_at, ends_at, self.slot_minutes, self.gap_seconds);
        timing.map_err(|error| match error {
            TimingError::SlotLength => SpecError::new("slot_minutes", "range", error),
            TimingError::Gap => SpecError::new("gap_seconds", "range", error),
            TimingError::Span if starts_at.timestamp() % 60 != 0 => {
                SpecError::new("starts", "format", "give a whole minute, like 16:00")
            }
            TimingError::Span => SpecError::new(
                "ends",
                "order",
                "no slot fits between starts and ends; give a later end or a shorter slot",
            ),
        })
    }

    fn window(&self, school_zone: Tz, timing: &Timing) -> Result<BookingWindow, SpecError> {
        let window = BookingWindow {
            opens_at: instant("booking.opens", school_zone, self.booking.opens)?,
            closes_at: instant("booking.closes", school_zone, self.booking.closes)?,
        };
        let wrong = |what: &str| Err(SpecError::new("booking.closes", "order", what));
        if window.closes_at <= window.opens_at {
            wrong("must be later than booking.opens")
        } else if window.closes_at > timing.ends_at() {
            wrong("must not be later than the end of the evening")
        } else {
            Ok(window)
        }
    }
}

/// Converts a local time to an instant. An ambiguous time (the clocks go back) means the earlier
/// instant; a time that the clocks skip is refused.
fn instant(key: &'static str, zone: Tz, local: NaiveDateTime) -> Result<DateTime<Utc>, SpecError> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(moment) | LocalResult::Ambiguous(moment, _) => Ok(moment.to_utc()),
        LocalResult::None => {
            let local = local.format("%Y-%m-%d %H:%M");
            let what = format!(
                "{local} does not exist in {zone}: the clocks go forward over it; give a time \
                 before or after"
            );
            Err(SpecError::new(key, "no_such_time", what))
        }
    }
}
