//! Times in the words of the catalogue.

use parlour_web_logic::moments::{self, CalendarNames};
pub(crate) use parlour_web_logic::moments::{clock, machine};
use parlour_wire::Moment;

use crate::texts::{fill, t};

/// `Thursday 26 November`
pub(crate) fn day(at: &Moment) -> String {
    moments::day(at, CalendarNames { weekdays: &t().weekdays, months: &t().months })
}

/// `Thursday 26 November, 16:00`
pub(crate) fn day_and_clock(at: &Moment) -> String {
    format!("{}, {}", day(at), clock(at))
}

/// `16:00 to 19:00`
pub(crate) fn span(from: &Moment, to: &Moment) -> String {
    fill(t().from_to, &[("from", &clock(from)), ("to", &clock(to))])
}
