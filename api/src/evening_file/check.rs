//! The times and settings of an evening's file, checked. Pure: knows no database and no clock.

use chrono::{DateTime, Datelike, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use parlour_domain::{
    evening::{BookingWindow, Mode, Timing, TimingError},
    text::{self, Lines, MAX_ID, MAX_SUBJECT, MAX_TITLE},
};

use super::{
    Place, Problem,
    file::{EveningFile, FileMode},
};

/// The longest name and title, in characters.
const MAX_CHARS: usize = 100;

/// What a file says of its evening, beside the classes.
pub(super) struct Checked {
    pub name: String,
    pub title: String,
    pub timing: Timing,
    pub slot_minutes: u32,
    pub gap_seconds: u32,
    pub window: BookingWindow,
    pub zone: Tz,
    pub mode: Mode,
    pub capacity: u32,
}

/// Checks everything but the classes; the window is read in the school's zone, the evening in its
/// own.
pub(super) fn check(file: &EveningFile, school_zone: &str) -> Result<Checked, Problem> {
    names(file)?;
    let name = words("name", &file.name)?;
    let title = words("title", &file.title)?;
    let school_zone = zone("school", school_zone)?;
    let zone = file.time_zone.as_deref().map_or(Ok(school_zone), |name| zone("time_zone", name))?;
    let timing = timing(file, zone)?;
    let window = window(file, school_zone, &timing)?;
    let (slot_minutes, gap_seconds) =
        (number("slot_minutes", file.slot_minutes)?, number("gap_seconds", file.gap_seconds)?);
    let capacity = number("capacity", file.capacity)?;
    if !(2..=5).contains(&capacity) {
        return Err(Problem::new(
            "capacity",
            "range",
            format!("a call holds 2 to 5 people, not {capacity}"),
        ));
    }
    let mode = match file.mode {
        FileMode::Video => Mode::Video,
        FileMode::InPerson => Mode::InPerson,
        FileMode::Hybrid => Mode::Hybrid,
    };
    Ok(Checked { name, title, timing, slot_minutes, gap_seconds, window, zone, mode, capacity })
}

fn words(key: &'static str, text: &str) -> Result<String, Problem> {
    let words = text.trim();
    if !words.is_empty() && text::check(words, Lines::One, MAX_CHARS).is_ok() {
        Ok(words.to_owned())
    } else {
        Err(Problem::new(key, "format", format!("give 1 to {MAX_CHARS} characters on one line")))
    }
}

/// Checks the texts by which the school and its classes are looked for.
fn names(file: &EveningFile) -> Result<(), Problem> {
    let is_text = |text: &String, longest: usize| text::check(text, Lines::One, longest).is_ok();
    let what = |longest: usize| format!("give at most {longest} characters on one line for each");
    if !is_text(&file.school, MAX_ID) {
        return Err(Problem::new("school", "format", what(MAX_ID)));
    }
    for (number, entry) in (1..).zip(&file.classes) {
        let lists = [
            ("ids", &entry.ids, MAX_ID),
            ("subjects", &entry.subjects.0, MAX_SUBJECT),
            ("titles", &entry.titles.0, MAX_TITLE),
            ("exclude_ids", &entry.exclude_ids, MAX_ID),
        ];
        if let Some((key, _, longest)) = lists
            .into_iter()
            .find(|(_, texts, longest)| !texts.iter().all(|text| is_text(text, *longest)))
        {
            return Err(Problem::at(Place::Entry(number, Some(key)), "format", what(longest)));
        }
    }
    Ok(())
}

fn zone(key: &'static str, name: &str) -> Result<Tz, Problem> {
    name.parse().map_err(|_| {
        Problem::new(
            key,
            "format",
            format!("{name:?} is not a time zone; give an IANA name like Europe/London"),
        )
    })
}

fn number(key: &'static str, value: i64) -> Result<u32, Problem> {
    u32::try_from(value).map_err(|_| Problem::new(key, "range", format!("{value} is out of range")))
}

fn timing(file: &EveningFile, zone: Tz) -> Result<Timing, Problem> {
    let date = file.date.trim().parse().ok().filter(is_near);
    let date: NaiveDate = date.ok_or_else(|| {
        Problem::new(
            "date",
            "format",
            format!("{:?} is not a day; write it like 2026-11-26", file.date),
        )
    })?;
    let time = |key: &'static str, text: &str| {
        let text = text.trim();
        let time = NaiveTime::parse_from_str(text, "%H:%M")
            .or_else(|_| NaiveTime::parse_from_str(text, "%H:%M:%S"));
        time.map_err(|_| {
            Problem::new(
                key,
                "format",
                format!("{text:?} is not a time of day; write it like 16:00"),
            )
        })
    };
    let (starts, ends) = (time("starts", &file.starts)?, time("ends", &file.ends)?);
    if ends <= starts {
        return Err(Problem::new("ends", "order", "must be later than starts, on the same day"));
    }
    let starts_at = instant("starts", zone, date.and_time(starts))?;
    let ends_at = instant("ends", zone, date.and_time(ends))?;
    let (slot, gap) =
        (number("slot_minutes", file.slot_minutes)?, number("gap_seconds", file.gap_seconds)?);
    Timing::new(starts_at, ends_at, slot, gap).map_err(|error| match error {
        TimingError::SlotLength => Problem::new("slot_minutes", "range", error),
        TimingError::Gap => Problem::new("gap_seconds", "range", error),
        TimingError::Span if starts_at.timestamp() % 60 != 0 => {
            Problem::new("starts", "format", "give a whole minute, like 16:00")
        }
        TimingError::Span => Problem::new(
            "ends",
            "order",
            "no slot fits between starts and ends; give a later end or a shorter slot",
        ),
    })
}

fn window(file: &EveningFile, zone: Tz, timing: &Timing) -> Result<BookingWindow, Problem> {
    let moment = |key: &'static str, text: &str| {
        let plain = text.trim().replace(' ', "T");
        let local = NaiveDateTime::parse_from_str(&plain, "%Y-%m-%dT%H:%M")
            .or_else(|_| NaiveDateTime::parse_from_str(&plain, "%Y-%m-%dT%H:%M:%S"));
        let local =
            local.ok().filter(|local: &NaiveDateTime| is_near(&local.date())).ok_or_else(|| {
                Problem::new(
                    key,
                    "format",
                    format!(
                        "{text:?} is not a day and time; write it like 2026-11-09T08:00, without \
                         an offset, in the school's zone ({zone})"
                    ),
                )
            });
        instant(key, zone, local?)
    };
    let window = BookingWindow {
        opens_at: moment("booking.opens", &file.booking.opens)?,
        closes_at: moment("booking.closes", &file.booking.closes)?,
    };
    if window.closes_at <= window.opens_at {
        return Err(Problem::new("booking.closes", "order", "must be later than booking.opens"));
    }
    if window.closes_at > timing.ends_at() {
        return Err(Problem::new(
            "booking.closes",
            "order",
            "must not be later than the end of the evening",
        ));
    }
    Ok(window)
}

/// A year of four digits, on every clock: with another one the times that people are told could not
/// be written (RFC 3339).
fn is_near(date: &NaiveDate) -> bool {
    (1970..9999).contains(&date.year())
}

/// A local time as a moment. Of two (the clocks go back) the earlier one counts; one that the
/// clocks skip is refused.
fn instant(key: &'static str, zone: Tz, local: NaiveDateTime) -> Result<DateTime<Utc>, Problem> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(moment) | LocalResult::Ambiguous(moment, _) => Ok(moment.to_utc()),
        LocalResult::None => {
            let local = local.format("%Y-%m-%d %H:%M");
            Err(Problem::new(
                key,
                "no_such_time",
                format!(
                    "{local} does not exist in {zone}: the clocks go forward over it; give a time \
                     before or after"
                ),
            ))
        }
    }
}
