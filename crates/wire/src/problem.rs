//! Error responses: RFC 9457 problem details with a stable `code`.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Moment;

/// The body of an `application/problem+json` response.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Problem {
    /// The URL of the code's description: `/api/docs#<code>`, relative to the API's root.
    #[serde(rename = "type")]
    pub kind: String,
    /// The HTTP status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// A description of the remedy, for people.
    pub detail: String,
    /// The stable code of the error, for programs.
    pub code: String,
    /// The id of the request, which the server's log contains.
    pub request_id: String,
    /// The invalid fields, if there are any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// The appointments of the request that could not be booked (`slot_taken`, `person_busy`,
    /// `already_booked`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<crate::LostBooking>,
    /// The appointments that the requested change would affect (`bookings_rest_on_it`), ordered by
    /// time, at most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bookings: Vec<RestingBooking>,
    /// The total number of affected appointments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bookings_total: Option<u32>,
}

/// An appointment that the requested change would affect.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RestingBooking {
    /// The appointment.
    pub id: Uuid,
    /// The start.
    pub starts_at: Moment,
    /// The student whom the appointment is about.
    pub student_id: Uuid,
    /// The parent who booked it.
    pub parent_id: Uuid,
    /// The class; the appointment is with its teachers.
    pub class_id: Uuid,
    /// The effect of the change: `class_out`, `not_a_slot`, `other_length`, `other_meeting`.
    pub reason: String,
}

/// An invalid field.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FieldError {
    /// The field's name in the request, with dots for nested objects.
    pub field: String,
    /// The stable code of the error, for programs.
    pub code: String,
    /// A description of the remedy, for people.
    pub detail: String,
}
