//! Formatting of times for people. A moment is formatted with its own offset, which is the
//! school's, whatever the browser's time zone.

use chrono::{Datelike, Timelike};
use parlour_wire::Moment;

/// The names of the weekdays, starting with Monday, and of the months.
#[derive(Clone, Copy, Debug)]
pub struct CalendarNames<'a> {
    /// The weekdays.
    pub weekdays: &'a [&'a str; 7],
    /// The months.
    pub months: &'a [&'a str; 12],
}

/// Formats a time: `16:05`.
#[must_use]
pub fn format_time(at: &Moment) -> String {
    format!("{:02}:{:02}", at.hour(), at.minute())
}

/// Formats a date: `Thursday 26 November`.
#[must_use]
pub fn format_date(at: &Moment, names: CalendarNames<'_>) -> String {
    let weekday = names.weekdays.get(at.weekday().num_days_from_monday() as usize);
    let month = names.months.get(at.month0() as usize);
    let (weekday, month) =
        (weekday.copied().unwrap_or_default(), month.copied().unwrap_or_default());
    format!("{weekday} {} {month}", at.day())
}

/// Formats a local date and time for `datetime` attributes: `2026-11-26T16:05`.
#[must_use]
pub fn to_rfc3339(at: &Moment) -> String {
    format!("{:04}-{:02}-{:02}T{}", at.year(), at.month(), at.day(), format_time(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: CalendarNames<'_> = CalendarNames {
        weekdays: &["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
        months: &[
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ],
    };

    fn moment(text: &str) -> Moment {
        text.parse().unwrap()
    }

    #[test]
    fn a_moment_is_shown_in_the_offset_it_came_with() {
        let check = |text: &str, time: &str, date: &str, attribute: &str| {
            let at = moment(text);
            let shown = (format_time(&at), format_date(&at, NAMES), to_rfc3339(&at));
            assert_eq!(shown, (time.to_owned(), date.to_owned(), attribute.to_owned()), "{text}");
        };
        check("2026-11-26T16:05:00Z", "16:05", "Thu 26 Nov", "2026-11-26T16:05");
        check("2026-11-26T16:05:59+00:00", "16:05", "Thu 26 Nov", "2026-11-26T16:05");
        check("2026-07-01T00:30:00+01:00", "00:30", "Wed 1 Jul", "2026-07-01T00:30");
        check("2026-12-31T23:59:00-03:30", "23:59", "Thu 31 Dec", "2026-12-31T23:59");
        check("2027-01-03T09:00:00+13:45", "09:00", "Sun 3 Jan", "2027-01-03T09:00");
        check("2028-02-29T07:08:09+02:00", "07:08", "Tue 29 Feb", "2028-02-29T07:08");
    }

    proptest::proptest! {
        #[test]
        fn the_attribute_is_read_back_as_the_same_local_minute(
            seconds in 0..4_000_000_000_i64, offset in -56..57_i32,
        ) {
            let zone = chrono::FixedOffset::east_opt(offset * 15 * 60).unwrap();
            let at = chrono::DateTime::from_timestamp(seconds, 0).unwrap().with_timezone(&zone);
            let read = chrono::NaiveDateTime::parse_from_str(&to_rfc3339(&at), "%Y-%m-%dT%H:%M");
            let minute = at.naive_local().with_second(0).unwrap();
            proptest::prop_assert_eq!(read, Ok(minute));
        }
    }
}
