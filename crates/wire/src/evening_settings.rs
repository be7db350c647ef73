//! Evenings as the office or its programs set them up: for `POST /evenings`, `PATCH /evenings/{id}`
//! and `GET /evenings/{id}/settings`.

use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

use crate::{EveningState, Mode, Moment};

/// `POST /evenings`: by the rules of an evening's file (docs/evening-file.md).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "validate", derive(validator::Validate))]
pub struct NewEvening {
    /// Its stable name, unique in the school.
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 100)))]
    pub name: String,
    /// What people read.
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 100)))]
    pub title: String,
    /// The day, like `2026-11-26`.
    pub date: String,
    /// The first slot's start, like `16:00`.
    pub starts: String,
    /// The time by which the last slot is over.
    pub ends: String,
    /// The IANA name of the zone; the school's when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// How long a slot keeps people busy.
    pub slot_minutes: u32,
    /// Between two talks; 0 when left out.
    #[serde(default)]
    pub gap_seconds: u32,
    /// How people meet.
    pub mode: Mode,
    /// How many people a call holds; 4 when left out.
    #[serde(default = "default_capacity")]
    pub capacity: u32,
    /// When parents book.
    pub booking: BookingTimes,
    /// The classes that take part.
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 100)))]
    pub classes: Vec<ClassChoice>,
}

/// When parents book, on the school's clock.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookingTimes {
    /// From when on, like `2026-11-09T08:00`.
    pub opens: String,
    /// Until when.
    pub closes: String,
}

/// Chooses classes: those of `ids`, and those that match all the rules given, but not those of
/// `exclude_ids`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClassChoice {
    /// Classes by their ids in the roster.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
    /// Classes of these subjects.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<String>,
    /// Classes whose title is like one of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub titles: Vec<String>,
    /// All classes of the school.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
    /// Classes that are not chosen after all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude_ids: Vec<String>,
    /// How they meet; needed in a hybrid evening.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meet: Option<Meeting>,
}

/// How a class meets.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Meeting {
    Video,
    InPerson,
}

/// `PATCH /evenings/{id}`: what is left out stays; `null` takes a field back to what it is when
/// left out at first (RFC 7396).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "validate", derive(validator::Validate))]
pub struct EveningChange {
    /// Its stable name.
    #[serde(deserialize_with = "some_value", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 100)))]
    pub name: Option<String>,
    /// What people read.
    #[serde(deserialize_with = "some_value", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 100)))]
    pub title: Option<String>,
    /// The day.
    #[serde(deserialize_with = "some_value", skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// The first slot's start.
    #[serde(deserialize_with = "some_value", skip_serializing_if = "Option::is_none")]
    pub starts: Option<String>,
    /// The time by which the last slot is over.
    #[serde(deserialize_with = "some_value", skip_serializing_if = "Option::is_none")]
    pub ends: Option<String>,
    /// The zone; `null` is the school's.
    #[serde(deserialize_with = "some_value", skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<Option<String>>,
    /// How long a slot keeps people busy.
    #[serde(deserialize_with = "some_value", skip_serializing_if = "Option::is_none")]
    pub slot_minutes: Option<u32>,
    /// Between two talks; `null` is 0.
    #[serde(deserialize_with = "some_value", skip_serializing_if = "Option::is_none")]
    pub gap_seconds: Option<Option<u32>>,
    /// How people meet.
    #[serde(deserialize_with = "some_value", skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// How many people a call holds; `null` is 4.
    #[serde(deserialize_with = "some_value", skip_serializing_if = "Option::is_none")]
    pub capacity: Option<Option<u32>>,
    /// When parents book.
    #[serde(deserialize_with = "some_value", skip_serializing_if = "Option::is_none")]
    pub booking: Option<BookingTimesChange>,
    /// The classes that take part from now on.
    #[serde(deserialize_with = "some_value", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 100)))]
    pub classes: Option<Vec<ClassChoice>>,
}

/// Of the times of booking, what is to be otherwise.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BookingTimesChange {
    /// From when on.
    #[serde(deserialize_with = "some_value", skip_serializing_if = "Option::is_none")]
    pub opens: Option<String>,
    /// Until when.
    #[serde(deserialize_with = "some_value", skip_serializing_if = "Option::is_none")]
    pub closes: Option<String>,
}

/// Everything that was set of an evening.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EveningSettings {
    /// The evening.
    pub id: Uuid,
    /// Who has to do with it by now.
    pub state: EveningState,
    /// When it was published; absent while it is a draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_at: Option<Moment>,
    /// When it was closed; absent unless it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Moment>,
    /// Its stable name.
    pub name: String,
    /// What people read.
    pub title: String,
    /// The day.
    pub date: String,
    /// The first slot's start.
    pub starts: String,
    /// The time by which the last slot is over.
    pub ends: String,
    /// The IANA name of the zone that `date`, `starts` and `ends` are in.
    pub time_zone: String,
    /// How long a slot keeps people busy.
    pub slot_minutes: u32,
    /// Between two talks.
    pub gap_seconds: u32,
    /// How people meet.
    pub mode: Mode,
    /// How many people a call holds.
    pub capacity: u32,
    /// When parents book, on the school's clock.
    pub booking: BookingTimes,
    /// The classes that take part, by title.
    pub classes: Vec<EveningClass>,
    /// Those that were chosen and could not take part, by title.
    pub left_out: Vec<LeftOutClass>,
}

/// A class that takes part.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EveningClass {
    /// The class.
    pub id: Uuid,
    /// Its id in the roster.
    pub sourced_id: String,
    /// Its title.
    pub title: String,
    /// It meets by video.
    pub video: bool,
}

/// A class that was chosen and could not take part.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LeftOutClass {
    /// The class.
    pub id: Uuid,
    /// Its id in the roster.
    pub sourced_id: String,
    /// Its title.
    pub title: String,
    /// Why.
    pub reason: LeftOutReason,
}

/// Why a class could not take part.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOutReason {
    /// Nobody taught it.
    NoTeachers,
    /// Nobody learned in it.
    NoStudents,
}

const fn default_capacity() -> u32 {
    4
}

/// A field that is there, so that `null` is read as the type has it: refused, or as none inside.
fn some_value<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
