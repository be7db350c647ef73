//! Parsers for the texts and numbers of an evening. Each error names the key and tells what to
//! write.

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime};
use chrono_tz::Tz;
use parlour_domain::text::{self, Lines, MAX_ID, MAX_SUBJECT, MAX_TITLE};

use super::{ClassRule, SpecError};

/// Maximum length of a name or title, in characters.
const MAX_CHARS: usize = 100;

/// Parses a name or title; blanks around it are removed.
///
/// # Errors
/// Fails if it is empty, too long, or of several lines.
pub fn words(key: &'static str, text: &str) -> Result<String, SpecError> {
    let words = text.trim();
    if !words.is_empty() && text::check(words, Lines::One, MAX_CHARS).is_ok() {
        Ok(words.to_owned())
    } else {
        let what = format!("give 1 to {MAX_CHARS} characters on one line");
        Err(SpecError::new(key, "format", what))
    }
}

/// Checks the text by which a school is looked up.
///
/// # Errors
/// Fails if it is too long, or of several lines.
pub fn school(text: &str) -> Result<(), SpecError> {
    if text::check(text, Lines::One, MAX_ID).is_ok() {
        Ok(())
    } else {
        Err(SpecError::new("school", "format", too_long(MAX_ID)))
    }
}

/// Checks the texts by which classes are looked up.
///
/// # Errors
/// Fails if one is too long, or of several lines.
pub fn class_rules(rules: Vec<ClassRule>) -> Result<Vec<ClassRule>, SpecError> {
    for (number, rule) in (1..).zip(&rules) {
        let lists = [
            ("ids", &rule.ids, MAX_ID),
            ("subjects", &rule.subjects, MAX_SUBJECT),
            ("titles", &rule.titles, MAX_TITLE),
            ("exclude_ids", &rule.exclude_ids, MAX_ID),
        ];
        let is_valid = |text: &String, longest| text::check(text, Lines::One, longest).is_ok();
        let wrong = lists
            .into_iter()
            .find(|(_, texts, longest)| !texts.iter().all(|text| is_valid(text, *longest)));
        if let Some((key, _, longest)) = wrong {
            return Err(SpecError::of_rule(number, Some(key), "format", too_long(longest)));
        }
    }
    Ok(rules)
}

fn too_long(longest: usize) -> String {
    format!("give at most {longest} characters on one line for each")
}

/// Parses an IANA time zone.
///
/// # Errors
/// Fails if there is no zone of this name.
pub fn time_zone(key: &'static str, name: &str) -> Result<Tz, SpecError> {
    name.parse().map_err(|_| {
        let what = format!("{name:?} is not a time zone; give an IANA name like Europe/London");
        SpecError::new(key, "format", what)
    })
}

/// Parses a number that is not negative.
///
/// # Errors
/// Fails if it is out of range.
pub fn number(key: &'static str, value: i64) -> Result<u32, SpecError> {
    u32::try_from(value)
        .map_err(|_| SpecError::new(key, "range", format!("{value} is out of range")))
}

/// Parses a day.
///
/// # Errors
/// Fails if it is not written like `2026-11-26`.
pub fn date(text: &str) -> Result<NaiveDate, SpecError> {
    text.trim().parse().ok().filter(is_near).ok_or_else(|| {
        let what = format!("{text:?} is not a day; write it like 2026-11-26");
        SpecError::new("date", "format", what)
    })
}

/// Parses a time of day.
///
/// # Errors
/// Fails if it is not written like `16:00`.
pub fn time_of_day(key: &'static str, text: &str) -> Result<NaiveTime, SpecError> {
    let text = text.trim();
    NaiveTime::parse_from_str(text, "%H:%M")
        .or_else(|_| NaiveTime::parse_from_str(text, "%H:%M:%S"))
        .map_err(|_| {
            let what = format!("{text:?} is not a time of day; write it like 16:00");
            SpecError::new(key, "format", what)
        })
}

/// Parses a day and time in the school's zone.
///
/// # Errors
/// Fails if it is not written like `2026-11-09T08:00`.
pub fn day_and_time(
    key: &'static str,
    text: &str,
    school_zone: Tz,
) -> Result<NaiveDateTime, SpecError> {
    let plain = text.trim().replace(' ', "T");
    NaiveDateTime::parse_from_str(&plain, "%Y-%m-%dT%H:%M")
        .or_else(|_| NaiveDateTime::parse_from_str(&plain, "%Y-%m-%dT%H:%M:%S"))
        .ok()
        .filter(|local| is_near(&local.date()))
        .ok_or_else(|| {
            let what = format!(
                "{text:?} is not a day and time; write it like 2026-11-09T08:00, without an \
                 offset, in the school's zone ({school_zone})"
            );
            SpecError::new(key, "format", what)
        })
}

/// Returns whether a year has four digits in every time zone; RFC 3339 can't express other years.
fn is_near(date: &NaiveDate) -> bool {
    (1970..9999).contains(&date.year())
}
