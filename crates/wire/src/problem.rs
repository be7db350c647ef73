//! The one shape of an error: RFC 9457 problem details with a stable `code`.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Moment;

/// `application/problem+json`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Problem {
    /// Where the code is described: `/api/docs#<code>`, relative to the API's root.
    #[serde(rename = "type")]
    pub kind: String,
    /// The HTTP status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What to do, for a person.
    pub detail: String,
    /// What happened, for a program; never changes.
    pub code: String,
    /// Names this answer in the server's log.
    pub request_id: String,
    /// The fields that are wrong, if any are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// The appointments of the request that could not be made (`slot_taken`, `person_busy`,
    /// `already_booked`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<crate::LostBooking>,
    /// The appointments that rest on what was to change (`bookings_rest_on_it`), by time, 100 at
    /// most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bookings: Vec<RestingBooking>,
    /// How many these are in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bookings_total: Option<u32>,
}

/// An appointment that rests on what was to change.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RestingBooking {
    /// The appointment.
    pub id: Uuid,
    /// When.
    pub starts_at: Moment,
    /// About whom.
    pub student_id: Uuid,
    /// Whose.
    pub parent_id: Uuid,
    /// With whose teachers.
    pub class_id: Uuid,
    /// What it would lose: `class_out`, `not_a_slot`, `other_length`, `other_meeting`.
    pub reason: String,
}

/// One wrong field.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FieldError {
    /// The field's name in the request, with dots into nested objects.
    pub field: String,
    /// What is wrong, for a program.
    pub code: String,
    /// What to do, for a person.
    pub detail: String,
}
