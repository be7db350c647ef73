//! The one shape of an error: RFC 9457 problem details with a stable `code`.

use serde::{Deserialize, Serialize};

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
    /// The appointments of the request that could not be made (`slot_taken`, `person_busy`, `already_booked`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<crate::LostBooking>,
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
