//! Settings of evenings, which the office or its API clients manage with `POST /evenings`, `PATCH
//! /evenings/{id}` and `GET /evenings/{id}/settings`.

use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

use crate::{EveningState, Mode, Moment};

/// The request of `POST /evenings`; the rules of evening files apply (docs/evening-file.md).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "validate", derive(validator::Validate))]
pub struct NewEvening {
    /// Its stable name, unique in the school.
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 100)))]
    pub name: String,
    /// Its title for people.
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 100)))]
    pub title: String,
    /// The date, for example `2026-11-26`.
    pub date: String,
    /// The start of the first slot, for example `16:00`.
    pub starts: String,
    /// The time by which the last slot has ended.
    pub ends: String,
    /// The IANA name of the time zone; the school's if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Length of a slot, in minutes.
    pub slot_minutes: u32,
    /// The gap between two talks, in seconds; 0 if absent.
    #[serde(default)]
    pub gap_seconds: u32,
    /// Mode of the appointments.
    pub mode: Mode,
    /// The maximum number of people in a call; 4 if absent.
    #[serde(default = "default_capacity")]
    pub capacity: u32,
    /// The booking window.
    pub booking: BookingTimes,
    /// The classes that take part.
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 100)))]
    pub classes: Vec<ClassChoice>,
}

/// The booking window, in the school's local time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookingTimes {
    /// Its start, for example `2026-11-09T08:00`.
    pub opens: String,
    /// Its end.
    pub closes: String,
}

/// A selection of classes: those in `ids` and those that match all given rules, except those in
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
    /// Classes whose title matches one of these patterns.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub titles: Vec<String>,
    /// All classes of the school.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
    /// Classes that are excluded from the selection.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude_ids: Vec<String>,
    /// Way of meeting; required in a hybrid evening.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meet: Option<Meeting>,
}

/// Way in which a class meets.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub enum Meeting {
    Video,
    InPerson,
}

/// The request of `PATCH /evenings/{id}`: absent fields stay unchanged, and `null` resets a field
/// to its default (RFC 7396).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "validate", derive(validator::Validate))]
pub struct EveningChange {
    /// Its stable name.
    #[serde(deserialize_with = "some_value", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 100)))]
    pub name: Option<String>,
    /// Its title for people.
    #[serde(deserialize_with = "some_value", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 100)))]
    pub title: Option<String>,
    /// The date.
    #[serde(deserialize_with = "some_value", skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// The start of the first slot.
    #[serde(deserialize_with = "some_value", skip_serializing_if = "Option::is_none")]
    pub starts: Option<String>,
    /// The time by which the last slot has ended.
    #[serde(deserialize_with = "some_value", skip_serializing_if = "Option::is_none")]
    pub ends: Option<String>,
    /// The IANA name of the time zone; `null` means the school's.
    #[serde(deserialize_with = "some_value", skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<Option<String>>,
    /// Length of a slot, in minutes.
    #[serde(deserialize_with = "some_value", skip_serializing_if = "Option::is_none")]
    pub slot_minutes: Option<u32>,
    /// The gap between two talks, in seconds; `null` means 0.
    #[serde(deserialize_with = "some_value", skip_serializing_if = "Option::is_none")]
    pub gap_seconds: Option<Option<u32>>,
    /// Mode of the appointments.
    #[serde(deserialize_with = "some_value", skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// The maximum number of people in a call; `null` means 4.
    #[serde(deserialize_with = "some_value", skip_serializing_if = "Option::is_none")]
    pub capacity: Option<Option<u32>>,
    /// The booking window.
    #[serde(deserialize_with = "some_value", skip_serializing_if = "Option::is_none")]
    pub booking: Option<BookingTimesChange>,
    /// The classes that take part from now on.
    #[serde(deserialize_with = "some_value", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 100)))]
    pub classes: Option<Vec<ClassChoice>>,
}

/// A change of the booking window.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BookingTimesChange {
    /// Its start.
    #[serde(deserialize_with = "some_value", skip_serializing_if = "Option::is_none")]
    pub opens: Option<String>,
    /// Its end.
    #[serde(deserialize_with = "some_value", skip_serializing_if = "Option::is_none")]
    pub closes: Option<String>,
}

/// All settings of an evening.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EveningSettings {
    /// The evening.
    pub id: Uuid,
    /// The state of the evening.
    pub state: EveningState,
    /// The time of publication; absent while it is a draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_at: Option<Moment>,
    /// The time when staff closed it; absent unless it is closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Moment>,
    /// Its stable name.
    pub name: String,
    /// Its title for people.
    pub title: String,
    /// The date.
    pub date: String,
    /// The start of the first slot.
    pub starts: String,
    /// The time by which the last slot has ended.
    pub ends: String,
    /// The IANA name of the time zone of `date`, `starts` and `ends`.
    pub time_zone: String,
    /// Length of a slot, in minutes.
    pub slot_minutes: u32,
    /// The gap between two talks, in seconds.
    pub gap_seconds: u32,
    /// Mode of the appointments.
    pub mode: Mode,
    /// The maximum number of people in a call.
    pub capacity: u32,
    /// The booking window, in the school's local time.
    pub booking: BookingTimes,
    /// The classes that take part, ordered by title.
    pub classes: Vec<EveningClass>,
    /// The selected classes that could not take part, ordered by title.
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

/// A selected class that could not take part.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LeftOutClass {
    /// The class.
    pub id: Uuid,
    /// Its id in the roster.
    pub sourced_id: String,
    /// Its title.
    pub title: String,
    /// The reason.
    pub reason: LeftOutReason,
}

/// The reason why a class could not take part.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOutReason {
    /// The class had no teachers.
    NoTeachers,
    /// The class had no students.
    NoStudents,
}

const fn default_capacity() -> u32 {
    4
}

/// Deserialises a field that is present, so that the field's type decides what `null` means: an
/// error, or `Some(None)`.
fn some_value<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
