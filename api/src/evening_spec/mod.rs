//! Evening spec: the settings that the school's office asks for, in a TOML file
//! (docs/evening-file.md) or in a request, with one set of rules for both. Pure: knows no database,
//! no clock, no command line and no HTTP.

mod check;
mod choose;
pub mod parse;

use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use chrono_tz::Tz;
use parlour_domain::evening::Mode;
use thiserror::Error;

pub use self::{
    check::Checked,
    choose::{Choice, Lack, LeftOut, SchoolClass, check_size, choose, is_like},
};

/// The settings that an evening is to have. Its times are local.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EveningSpec {
    /// Its name, unique in the school.
    pub name: String,
    /// The title that people see.
    pub title: String,
    /// The day, in the evening's zone.
    pub date: NaiveDate,
    /// The first slot's start, in the evening's zone.
    pub starts: NaiveTime,
    /// The end of the last slot at the latest, in the evening's zone.
    pub ends: NaiveTime,
    /// The evening's zone; `None` for the school's.
    pub zone: Option<Tz>,
    /// Length of a slot, in minutes.
    pub slot_minutes: u32,
    /// The gap between two talks, in seconds.
    pub gap_seconds: u32,
    /// True if people meet by video, in person or either.
    pub mode: Mode,
    /// Capacity of a call, in people (I11).
    pub capacity: u32,
    /// Booking window for parents, in the school's zone.
    pub booking: LocalWindow,
    /// The classes that take part.
    pub classes: Vec<ClassRule>,
}

/// Booking window for parents, in the school's zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LocalWindow {
    /// The first moment at which parents may book.
    pub opens: NaiveDateTime,
    /// The first moment at which parents may no longer book.
    pub closes: NaiveDateTime,
}

/// A rule that chooses classes: those in `ids`, and those that match all other criteria given,
/// except for those in `exclude_ids`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ClassRule {
    /// Classes by their ids in the roster.
    pub ids: Vec<String>,
    /// Classes of these subjects; case does not count.
    pub subjects: Vec<String>,
    /// Classes whose title is like one of these; `*` stands for any text, `?` for one character,
    /// case does not count.
    pub titles: Vec<String>,
    /// All classes of the school.
    pub all: bool,
    /// Classes that are left out.
    pub exclude_ids: Vec<String>,
    /// Way of meeting; required in a hybrid evening.
    pub meet: Option<Meet>,
}

/// Way in which the classes of a rule meet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub enum Meet {
    Video,
    InPerson,
}

/// A change of an evening; a field that is `None` stays as it is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[expect(missing_docs, reason = "the fields are those of `EveningSpec`")]
pub struct EveningChange {
    pub name: Option<String>,
    pub title: Option<String>,
    pub date: Option<NaiveDate>,
    pub starts: Option<NaiveTime>,
    pub ends: Option<NaiveTime>,
    /// `Some(None)` sets the school's zone.
    pub zone: Option<Option<Tz>>,
    pub slot_minutes: Option<u32>,
    pub gap_seconds: Option<u32>,
    pub mode: Option<Mode>,
    pub capacity: Option<u32>,
    pub opens: Option<NaiveDateTime>,
    pub closes: Option<NaiveDateTime>,
    /// If `None`, the chosen classes stay as they are and meet as the mode requires.
    pub classes: Option<Vec<ClassRule>>,
}

impl EveningSpec {
    /// Applies a change to the spec.
    #[must_use]
    pub fn changed(self, change: &EveningChange) -> Self {
        let change = change.clone();
        Self {
            name: change.name.unwrap_or(self.name),
            title: change.title.unwrap_or(self.title),
            date: change.date.unwrap_or(self.date),
            starts: change.starts.unwrap_or(self.starts),
            ends: change.ends.unwrap_or(self.ends),
            zone: change.zone.unwrap_or(self.zone),
            slot_minutes: change.slot_minutes.unwrap_or(self.slot_minutes),
            gap_seconds: change.gap_seconds.unwrap_or(self.gap_seconds),
            mode: change.mode.unwrap_or(self.mode),
            capacity: change.capacity.unwrap_or(self.capacity),
            booking: LocalWindow {
                opens: change.opens.unwrap_or(self.booking.opens),
                closes: change.closes.unwrap_or(self.booking.closes),
            },
            classes: change.classes.unwrap_or(self.classes),
        }
    }
}

/// The reason why a spec is refused: names the key and tells what to do.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{place}{what}")]
pub struct SpecError {
    place: Place,
    code: &'static str,
    what: String,
}

/// The part of a spec that an error is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    /// The file as a whole, or a line that the text names.
    Whole,
    /// A key.
    Key(&'static str),
    /// A rule for classes, by its number from 1, or one of its keys.
    Rule(usize, Option<&'static str>),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => Ok(()),
            Self::Key(key) => write!(f, "{key}: "),
            Self::Rule(number, None) => write!(f, "classes entry {number}: "),
            Self::Rule(number, Some(key)) => write!(f, "classes entry {number}, {key}: "),
        }
    }
}

impl SpecError {
    /// An error about one key.
    #[must_use]
    pub fn new(key: &'static str, code: &'static str, what: impl fmt::Display) -> Self {
        Self { place: Place::Key(key), code, what: what.to_string() }
    }

    /// An error about a rule for classes, by its number from 1, or about one of its keys.
    fn of_rule(
        number: usize,
        key: Option<&'static str>,
        code: &'static str,
        what: impl fmt::Display,
    ) -> Self {
        Self { place: Place::Rule(number, key), code, what: what.to_string() }
    }

    /// An error about a file as a whole.
    #[must_use]
    pub const fn whole(what: String) -> Self {
        Self { place: Place::Whole, code: "format", what }
    }

    /// An error about an evening that would be over already.
    #[must_use]
    pub fn past(ended_at: DateTime<Utc>, zone: Tz) -> Self {
        let what = format!(
            "the evening was over on {}; give one that is still to come",
            in_words(ended_at, zone)
        );
        Self::new("date", "past", what)
    }

    /// The key as in a request: `booking.opens`, `classes[0].ids`.
    #[must_use]
    pub fn field(&self) -> String {
        match self.place {
            Place::Whole => "body".to_owned(),
            Place::Key(key) => key.to_owned(),
            Place::Rule(number, None) => format!("classes[{}]", number - 1),
            Place::Rule(number, Some(key)) => format!("classes[{}].{key}", number - 1),
        }
    }

    /// The stable code of the error, for API clients.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// The error as a sentence of its own, with a capital letter and a full stop.
    #[must_use]
    pub fn sentence(&self) -> String {
        let mut letters = self.what.chars();
        let Some(first) = letters.next() else { return String::new() };
        first.to_uppercase().chain(letters).chain(['.']).collect()
    }
}

/// Formats a time as "26 November 2026 at 19:00".
#[must_use]
pub fn in_words(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%-d %B %Y at %H:%M").to_string()
}
