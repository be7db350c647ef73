//! Bookings, and the My Bookings page.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Evening, Moment, Student, Teacher};

/// An appointment to book.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewBooking {
    /// The student whom the appointment is about.
    pub student_id: Uuid,
    /// The class; the appointment is with its teachers.
    pub class_id: Uuid,
    /// The start of a slot.
    pub starts_at: Moment,
}

/// The request of `POST /evenings/{id}/bookings`: appointments to book together, all or none.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "validate", derive(validator::Validate))]
pub struct NewBookings {
    /// The appointments.
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 60)))]
    pub bookings: Vec<NewBooking>,
}

/// An appointment of a request that could not be booked, with the reason.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LostBooking {
    /// The student whom the appointment is about.
    pub student_id: Uuid,
    /// The class; the appointment is with its teachers.
    pub class_id: Uuid,
    /// The start of the requested slot.
    pub starts_at: Moment,
    /// The reason: `slot_taken`, `person_busy` or `already_booked`.
    pub code: String,
}

/// The request of `PATCH /bookings/{id}`, which moves an appointment to another slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookingChange {
    /// The start of the new slot.
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
    /// The student whom the appointment is about.
    pub student: Student,
    /// The teachers of the appointment.
    pub teachers: Vec<Teacher>,
    /// The subject.
    pub subject: String,
    /// It is a video call.
    pub video: bool,
    /// Names of the guests invited for the student by this parent.
    pub guests: Vec<String>,
    /// A counter of its changes, as in the calendar file (RFC 5545 SEQUENCE).
    pub sequence: u32,
    /// The time of its cancellation, if it was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<Moment>,
    /// The reason why it is stranded, if it is; present for staff only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stranded: Option<Stranded>,
}

/// The part of an appointment's basis that the roster no longer has. The appointment stays until
/// somebody moves or cancels it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stranded {
    /// The class.
    ClassGone,
    /// The student's enrolment in the class.
    StudentLeftClass,
    /// The enrolment of one of its teachers in the class, or the teacher.
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
        /// The time when it begins.
        starts_at: Moment,
        /// Its length, in minutes.
        minutes: u32,
    },
}

/// The response of `GET /evenings/{id}/bookings`, for My Bookings.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MyBookings {
    /// The evening.
    pub evening: Evening,
    /// The name of the parent whose bookings these are.
    pub parent_name: String,
    /// Appointments and gaps, ordered by time.
    pub rows: Vec<BookingRow>,
    /// The link at the top of the page.
    pub invite_action: InviteAction,
    /// The number of the parent's live invites.
    pub invites: u32,
}

/// The link at the top of My Bookings (I1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InviteAction {
    /// No link: there is no booking yet, or none by video.
    None,
    /// The link reads `Invite Parent/Guardian`.
    Invite,
    /// The link reads `Manage Invites`.
    Manage,
}

/// An event in the history of the parent's bookings and invites.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// The entry.
    pub id: Uuid,
    /// The time of the event.
    pub at: Moment,
    /// The kind of event, for programs: `booking_made`, `booking_changed`, `booking_cancelled`,
    /// `invite_sent`, `invite_resent`, `invite_removed`, `invite_opened`, `invite_declined`,
    /// `access_ended`, `mail_failed`.
    pub action: String,
    /// A description, in one sentence.
    pub summary: String,
    /// The name of the person who did it, or the school.
    pub actor: String,
}
