//! Evenings and their slots.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{CallRole, Moment, PresenceState, Stranded};

/// Mode of the appointments of an evening.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub enum Mode {
    Video,
    InPerson,
    Hybrid,
}

/// The state of booking.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BookingState {
    /// The booking window has not begun.
    NotOpen,
    /// Parents can book, change and cancel.
    Open,
    /// The booking window is over, the evening is not.
    Closed,
    /// The evening has ended.
    Over,
}

/// The state of an evening, which decides who sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EveningState {
    /// Only the office and its API clients see it.
    Draft,
    /// Everybody concerned sees it.
    Published,
    /// Everybody concerned sees it; parents can no longer book, change or cancel.
    Closed,
}

/// An evening.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Evening {
    /// The evening.
    pub id: Uuid,
    /// Its name.
    pub title: String,
    /// The start of the first slot.
    pub starts_at: Moment,
    /// The latest end of the last slot.
    pub ends_at: Moment,
    /// The IANA name of the time zone of its times.
    pub time_zone: String,
    /// Length of a slot, in minutes.
    pub slot_minutes: u32,
    /// The time between the starts of two consecutive slots, in seconds.
    pub period_seconds: u32,
    /// Length of the talk, in seconds.
    pub talk_seconds: u32,
    /// The start of the booking window.
    pub booking_opens_at: Moment,
    /// The end of the booking window.
    pub booking_closes_at: Moment,
    /// The current state of booking.
    pub booking_state: BookingState,
    /// The state of the evening.
    pub state: EveningState,
    /// Mode of the appointments.
    pub mode: Mode,
    /// The maximum number of people in a call at any one time.
    pub capacity: u32,
}

/// The response of `GET /evenings/{id}/slots`: the slots that the parent may book, by student.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SlotGrid {
    /// The evening.
    pub evening: Evening,
    /// The starts of all slots, in order: the time axis of the grid.
    pub times: Vec<Moment>,
    /// The parent's students with classes in the evening.
    pub students: Vec<StudentSlots>,
}

/// One student's classes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StudentSlots {
    /// The student.
    pub student: Student,
    /// Their classes in the evening.
    pub classes: Vec<ClassSlots>,
}

/// One class and the states of its slots.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ClassSlots {
    /// The class.
    pub class_id: Uuid,
    /// Its subject.
    pub subject: String,
    /// Its teachers, 1 to 3.
    pub teachers: Vec<Teacher>,
    /// The appointment is a video call.
    pub video: bool,
    /// The state of each slot, in the order of `SlotGrid::times`.
    pub states: Vec<SlotState>,
    /// The parent's booking of this class for this student, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booking_id: Option<Uuid>,
}

/// The state of a slot, as far as the parent may know it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotState {
    /// The slot can be booked.
    Free,
    /// The slot can't be booked: a teacher or the student is busy (possibly with an appointment of
    /// another parent).
    Taken,
    /// The parent has another appointment at this time.
    Busy,
    /// The parent's own booking of this class.
    Yours,
}

/// A student.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Student {
    /// The student.
    pub id: Uuid,
    /// Their name.
    pub name: String,
}

/// A teacher.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Teacher {
    /// The teacher.
    pub id: Uuid,
    /// Their name, with the honorific.
    pub name: String,
}

/// The response of `GET /evenings/{id}/schedule`: a teacher's appointments.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Schedule {
    /// The evening.
    pub evening: Evening,
    /// The server's time.
    pub now: Moment,
    /// By how many minutes the teacher reports to run late.
    pub late_minutes: u32,
    /// The appointments, ordered by time.
    pub appointments: Vec<ScheduledAppointment>,
}

/// One appointment of a teacher.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ScheduledAppointment {
    /// The booking.
    pub booking_id: Uuid,
    /// Its start.
    pub starts_at: Moment,
    /// Its end.
    pub ends_at: Moment,
    /// The student whom the appointment is about.
    pub student: Student,
    /// The parent's name.
    pub parent: String,
    /// The name of the guest invited for the student, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guest: Option<String>,
    /// The subject.
    pub subject: String,
    /// All teachers of the appointment.
    pub teachers: Vec<Teacher>,
    /// It is a video call.
    pub video: bool,
    /// The people who belong to the call, with their presence: teachers first, then the parent,
    /// then the guest. Empty if the appointment is no call.
    pub people: Vec<ExpectedPerson>,
    /// This teacher has marked that nobody came.
    pub no_show: bool,
    /// This teacher's private note.
    pub note: String,
    /// The reason why it is stranded, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stranded: Option<Stranded>,
}

/// A person who belongs to an appointment's call.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ExpectedPerson {
    /// The id of the person, or of a guest's invite.
    pub id: Uuid,
    /// Their name.
    pub name: String,
    /// Their role.
    pub role: CallRole,
    /// Their presence now.
    pub state: PresenceState,
}

/// The request of `PUT /bookings/{id}/record`: a teacher's record. Only that teacher reads the
/// note.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "validate", derive(validator::Validate))]
pub struct AppointmentRecord {
    /// Nobody came.
    pub no_show: bool,
    /// The note.
    #[cfg_attr(feature = "validate", validate(length(max = 2000)))]
    pub note: String,
}

/// The request of `PUT /evenings/{id}/lateness`: by how many minutes a teacher runs late.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lateness {
    /// From 0 to 60.
    pub minutes: u32,
}
