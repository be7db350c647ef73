//! Formatting of times with the names of the catalogue.

use parlour_web_logic::time_format::{self, CalendarNames};
pub(crate) use parlour_web_logic::time_format::{format_time, to_rfc3339};
use parlour_wire::Moment;

use crate::texts::{fill, t};

/// Formats a date: `Thursday 26 November`.
pub(crate) fn format_date(at: &Moment) -> String {
    time_format::format_date(at, CalendarNames { weekdays: &t().weekdays, months: &t().months })
}

/// Formats a date and time: `Thursday 26 November, 16:00`.
pub(crate) fn format_date_time(at: &Moment) -> String {
    format!("{}, {}", format_date(at), format_time(at))
}

/// Formats a range of times: `16:00 to 19:00`.
pub(crate) fn format_time_range(from: &Moment, to: &Moment) -> String {
    fill(t().from_to, &[("from", &format_time(from)), ("to", &format_time(to))])
}
