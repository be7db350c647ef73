//! File format of an evening, parsed into an [`EveningSpec`]. Dates and times are TOML's own or
//! text.

use parlour_domain::evening::Mode;
use serde::{Deserialize, Deserializer, de::Error as _};

use crate::evening_spec::{ClassRule, EveningSpec, LocalWindow, Meet, SpecError, parse};

/// An evening as it is written in a file.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EveningFile {
    /// The school's slug, or its id in the roster.
    pub school: String,
    /// The evening's stable name: loading a file of the same name updates the evening.
    pub name: String,
    /// The title that people see.
    pub title: String,
    /// The day, in the evening's zone.
    #[serde(deserialize_with = "text")]
    pub date: String,
    /// The first slot's start.
    #[serde(deserialize_with = "text")]
    pub starts: String,
    /// The end of the last slot at the latest.
    #[serde(deserialize_with = "text")]
    pub ends: String,
    /// The IANA name of the zone; the school's when absent.
    pub time_zone: Option<String>,
    /// Length of a slot, in minutes.
    pub slot_minutes: i64,
    /// The gap between two talks, in seconds.
    #[serde(default)]
    pub gap_seconds: i64,
    /// True if people meet by video, in person or either.
    pub mode: FileMode,
    /// Capacity of a call, in people.
    #[serde(default = "default_capacity")]
    pub capacity: i64,
    /// Booking window for parents.
    pub booking: FileWindow,
    /// The classes that take part.
    pub classes: Vec<Entry>,
}

/// Booking window for parents.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileWindow {
    /// The first moment at which parents may book.
    #[serde(deserialize_with = "text")]
    pub opens: String,
    /// The first moment at which parents may no longer book.
    #[serde(deserialize_with = "text")]
    pub closes: String,
}

/// True if people meet by video, in person or either.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub enum FileMode {
    Video,
    InPerson,
    Hybrid,
}

/// Way in which the classes of an entry meet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub enum FileMeet {
    Video,
    InPerson,
}

/// Chooses classes, as [`ClassRule`] does.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Classes by their ids in the roster.
    #[serde(default)]
    pub ids: Vec<String>,
    /// Classes of these subjects; case does not count.
    #[serde(default)]
    pub subjects: OneOrMore,
    /// Classes whose title is like one of these; `*` stands for any text, `?` for one character,
    /// case does not count.
    #[serde(default)]
    pub titles: OneOrMore,
    /// All classes of the school.
    #[serde(default)]
    pub all: bool,
    /// Classes that are left out.
    #[serde(default)]
    pub exclude_ids: Vec<String>,
    /// Way of meeting; required in a hybrid evening.
    pub meet: Option<FileMeet>,
}

/// One text, or a list.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OneOrMore(pub Vec<String>);

impl<'de> Deserialize<'de> for OneOrMore {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let is_text = |value: toml::Value| match value {
            toml::Value::String(text) => Ok(text),
            _ => Err(D::Error::custom("give a text in quotes, or a list of them")),
        };
        match toml::Value::deserialize(deserializer)? {
            toml::Value::Array(values) => {
                values.into_iter().map(is_text).collect::<Result<_, _>>().map(Self)
            }
            value => is_text(value).map(|text| Self(vec![text])),
        }
    }
}

impl EveningFile {
    /// Parses the TOML.
    ///
    /// # Errors
    /// [`SpecError`] with the line when it is not TOML, or a key is missing, unknown or of the
    /// wrong kind.
    pub fn parse(source: &str) -> Result<Self, SpecError> {
        toml::from_str(source).map_err(|error| {
            let place = error.span().map(|span| place(source, span.start)).unwrap_or_default();
            SpecError::whole(format!("{place}{}", error.message().replace('\n', ", ")))
        })
    }

    /// Converts the file into a spec; the booking window is in the school's zone.
    ///
    /// # Errors
    /// [`SpecError`] for the first key that is wrong.
    pub fn spec(self, school_zone: &str) -> Result<EveningSpec, SpecError> {
        parse::school(&self.school)?;
        let classes = self.classes.into_iter().map(ClassRule::from).collect();
        let classes = parse::class_rules(classes)?;
        let name = parse::words("name", &self.name)?;
        let title = parse::words("title", &self.title)?;
        let school_zone = parse::time_zone("school", school_zone)?;
        let zone = self.time_zone.as_deref().map(|name| parse::time_zone("time_zone", name));
        let moment = |key, text: &str| parse::day_and_time(key, text, school_zone);
        Ok(EveningSpec {
            name,
            title,
            zone: zone.transpose()?,
            date: parse::date(&self.date)?,
            starts: parse::time_of_day("starts", &self.starts)?,
            ends: parse::time_of_day("ends", &self.ends)?,
            slot_minutes: parse::number("slot_minutes", self.slot_minutes)?,
            gap_seconds: parse::number("gap_seconds", self.gap_seconds)?,
            booking: LocalWindow {
                opens: moment("booking.opens", &self.booking.opens)?,
                closes: moment("booking.closes", &self.booking.closes)?,
            },
            capacity: parse::number("capacity", self.capacity)?,
            mode: self.mode.into(),
            classes,
        })
    }
}

impl From<FileMode> for Mode {
    fn from(mode: FileMode) -> Self {
        match mode {
            FileMode::Video => Self::Video,
            FileMode::InPerson => Self::InPerson,
            FileMode::Hybrid => Self::Hybrid,
        }
    }
}

impl From<Entry> for ClassRule {
    fn from(entry: Entry) -> Self {
        Self {
            ids: entry.ids,
            subjects: entry.subjects.0,
            titles: entry.titles.0,
            all: entry.all,
            exclude_ids: entry.exclude_ids,
            meet: entry.meet.map(|meet| match meet {
                FileMeet::Video => Meet::Video,
                FileMeet::InPerson => Meet::InPerson,
            }),
        }
    }
}

/// Names and quotes the line of an offset: `line 3 (mode = "fun"): `. Empty for the file as a
/// whole.
fn place(source: &str, offset: usize) -> String {
    let before = source.get(..offset).unwrap_or_default();
    let number = before.matches('\n').count() + 1;
    let line = source.lines().nth(number - 1).unwrap_or_default().trim();
    if offset == 0 || line.is_empty() { String::new() } else { format!("line {number} ({line}): ") }
}

const fn default_capacity() -> i64 {
    4
}

/// Deserialises a date or time, quoted or not.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match toml::Value::deserialize(deserializer)? {
        toml::Value::String(text) => Ok(text),
        toml::Value::Datetime(moment) => Ok(moment.to_string()),
        _ => Err(D::Error::custom(
            "give a date or time in quotes, like \"2026-11-26\", \"16:00\" or \
             \"2026-11-09T08:00\"",
        )),
    }
}
