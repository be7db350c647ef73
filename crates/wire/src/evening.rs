//! Evenings and their slots.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{CallRole, Moment, PresenceState, Stranded};

/// How people meet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Mode {
    Video,
    InPerson,
    Hybrid,
}

/// Where booking stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BookingState {
    /// Before the window.
    NotOpen,
    /// Parents book, change and cancel.
    Open,
    /// After the window, before the end.
    Closed,
    /// The evening has ended.
    Over,
}

/// Who has to do with an evening by now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EveningState {
    /// The office and its programs alone.
    Draft,
    /// Everybody concerned.
    Published,
    /// Everybody concerned, and parents book, change and cancel no more.
    Closed,
}

/// An evening.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Evening {
    /// The evening.
    pub id: Uuid,
    /// Its name.
    pub title: String,
    /// The first slot's start.
    pub starts_at: Moment,
    /// The last slot's end at the latest.
    pub ends_at: Moment,
    /// IANA name of the zone that the times are in.
    pub time_zone: String,
    /// How long a slot keeps people busy, in minutes.
    pub slot_minutes: u32,
    /// From one slot's start to the next one's, in seconds.
    pub period_seconds: u32,
    /// How long people talk, in seconds.
    pub talk_seconds: u32,
    /// When parents may begin to book.
    pub booking_opens_at: Moment,
    /// From when on they may no more.
    pub booking_closes_at: Moment,
    /// Where booking stands now.
    pub booking_state: BookingState,
    /// Who has to do with it by now.
    pub state: EveningState,
    /// How people meet.
    pub mode: Mode,
    /// How many people a call holds at any one time.
    pub capacity: u32,
}

/// `GET /evenings/{id}/slots`: what the parent may book, for each of their students.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SlotGrid {
    /// The evening.
    pub evening: Evening,
    /// All slots' starts, in order: the grid's time axis.
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
    /// The state of each slot, in the order of `times`.
    pub states: Vec<SlotState>,
    /// The parent's booking of this class for this student, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booking_id: Option<Uuid>,
}

/// The state of a slot as the parent may know it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotState {
    /// Can be booked.
    Free,
    /// Can't be booked: a teacher is busy, or the student is (also by an appointment of another
    /// parent).
    Taken,
    /// The parent has another appointment then.
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

/// `GET /evenings/{id}/schedule`: a teacher's appointments.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Schedule {
    /// The evening.
    pub evening: Evening,
    /// The server's time.
    pub now: Moment,
    /// By how many minutes the teacher says they run late.
    pub late_minutes: u32,
    /// The appointments, by time.
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
    /// About whom.
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
    /// Who belongs to the call and where they are: teachers first, then the parent, then the
    /// guest. Nobody where it is no call.
    pub people: Vec<ExpectedPerson>,
    /// This teacher has marked that nobody came.
    pub no_show: bool,
    /// This teacher's private note.
    pub note: String,
    /// Why the roster has stranded it, if it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stranded: Option<Stranded>,
}

/// Somebody who belongs to an appointment's call.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ExpectedPerson {
    /// The person, or the invite of a guest.
    pub id: Uuid,
    /// Their name.
    pub name: String,
    /// Their role.
    pub role: CallRole,
    /// Where they are now.
    pub state: PresenceState,
}

/// `PUT /bookings/{id}/record`: what a teacher keeps of an appointment. Nobody else reads the note.
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

/// `PUT /evenings/{id}/lateness`: by how many minutes a teacher runs late.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lateness {
    /// From 0 to 60.
    pub minutes: u32,
}
