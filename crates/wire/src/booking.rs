//! Bookings and My Bookings.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Evening, Moment, Student, Teacher};

/// One appointment to make.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewBooking {
    /// About whom.
    pub student_id: Uuid,
    /// With whose teachers.
    pub class_id: Uuid,
    /// A slot's start.
    pub starts_at: Moment,
}

/// `POST /evenings/{id}/bookings`: appointments to be made together, all or none.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "validate", derive(validator::Validate))]
pub struct NewBookings {
    /// The appointments.
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 60)))]
    pub bookings: Vec<NewBooking>,
}

/// An appointment of a request that could not be made, and why.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LostBooking {
    /// About whom.
    pub student_id: Uuid,
    /// With whose teachers.
    pub class_id: Uuid,
    /// The slot that was asked for.
    pub starts_at: Moment,
    /// Why: `slot_taken`, `person_busy`, `already_booked`.
    pub code: String,
}

/// `PATCH /bookings/{id}`: moves an appointment to another slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookingChange {
    /// The new slot's start.
    pub starts_at: Moment,
}

/// A booking.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Booking {
    /// The booking.
    pub id: Uuid,
    /// The evening.
    pub evening_id: Uuid,
    /// The class.
    pub class_id: Uuid,
    /// Its start.
    pub starts_at: Moment,
    /// Its end.
    pub ends_at: Moment,
    /// About whom.
    pub student: Student,
    /// With whom.
    pub teachers: Vec<Teacher>,
    /// The subject.
    pub subject: String,
    /// It is a video call.
    pub video: bool,
    /// Names of the guests invited for the student by this parent.
    pub guests: Vec<String>,
    /// Rises with each change, as in the calendar file (RFC 5545 SEQUENCE).
    pub sequence: u32,
    /// When it was cancelled, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<Moment>,
    /// Why the roster has stranded it, if it has; told to staff alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stranded: Option<Stranded>,
}

/// What the roster no longer has of that on which an appointment was booked. The appointment stands
/// until somebody moves or cancels it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stranded {
    /// The class.
    ClassGone,
    /// The student's place in it.
    StudentLeftClass,
    /// The place of one of its teachers in it, or the teacher.
    TeacherLeftClass,
}

/// A row of My Bookings.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum BookingRow {
    /// An appointment.
    Booking(Booking),
    /// Free time between two appointments.
    Gap {
        /// When it begins.
        starts_at: Moment,
        /// How long it is, in minutes.
        minutes: u32,
    },
}

/// `GET /evenings/{id}/bookings`: My Bookings.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MyBookings {
    /// The evening.
    pub evening: Evening,
    /// Whose bookings these are.
    pub parent_name: String,
    /// Appointments and gaps, by time.
    pub rows: Vec<BookingRow>,
    /// What the link at the top says.
    pub invite_action: InviteAction,
    /// How many live invites the parent has sent.
    pub invites: u32,
}

/// What stands at the top of My Bookings.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InviteAction {
    /// Nothing: no booking yet, or none by video.
    None,
    /// `Invite Parent/Guardian`.
    Invite,
    /// `Manage Invites`.
    Manage,
}

/// Something that happened to the parent's bookings and invites.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// The entry.
    pub id: Uuid,
    /// When.
    pub at: Moment,
    /// What, for a program: `booking_made`, `booking_changed`, `booking_cancelled`, `invite_sent`,
    /// `invite_resent`, `invite_removed`, `invite_opened`, `invite_declined`, `access_ended`,
    /// `mail_failed`.
    pub action: String,
    /// What, in one sentence.
    pub summary: String,
    /// Who did it: a name, or the school.
    pub actor: String,
}
