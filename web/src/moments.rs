//! Times as people say them. A moment is shown with the offset it came with, which is the school's,
//! whatever the browser's zone.

use chrono::{Datelike, Timelike};
use parlour_wire::Moment;

use crate::texts::{fill, t};

/// `16:05`
pub(crate) fn clock(at: &Moment) -> String {
    format!("{:02}:{:02}", at.hour(), at.minute())
}

/// `Thursday 26 November`
pub(crate) fn day(at: &Moment) -> String {
    let weekday =
        t().weekdays.get(at.weekday().num_days_from_monday() as usize).copied().unwrap_or_default();
    let month = t().months.get(at.month0() as usize).copied().unwrap_or_default();
    format!("{weekday} {} {month}", at.day())
}

/// `Thursday 26 November, 16:00`
pub(crate) fn day_and_clock(at: &Moment) -> String {
    format!("{}, {}", day(at), clock(at))
}

/// `16:00 to 19:00`
pub(crate) fn span(from: &Moment, to: &Moment) -> String {
    fill(t().from_to, &[("from", &clock(from)), ("to", &clock(to))])
}

/// For `datetime` attributes.
pub(crate) fn machine(at: &Moment) -> String {
    format!("{:04}-{:02}-{:02}T{}", at.year(), at.month(), at.day(), clock(at))
}
