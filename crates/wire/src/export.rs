//! Data for API clients: appointments, invites and attendance by ids, and the change feed.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{CallRole, Evening, Moment, Stranded};

/// An appointment, by ids.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BookingRecord {
    /// The booking.
    pub id: Uuid,
    /// The evening.
    pub evening_id: Uuid,
    /// The class.
    pub class_id: Uuid,
    /// The class's id in the roster.
    pub class_sourced_id: String,
    /// The student whom the appointment is about.
    pub student_id: Uuid,
    /// The student's id in the roster.
    pub student_sourced_id: String,
    /// The parent.
    pub parent_id: Uuid,
    /// The parent's id in the roster.
    pub parent_sourced_id: String,
    /// The teachers.
    pub teacher_ids: Vec<Uuid>,
    /// The teachers' ids in the roster, in the same order.
    pub teacher_sourced_ids: Vec<String>,
    /// The start.
    pub starts_at: Moment,
    /// The end.
    pub ends_at: Moment,
    /// The appointment is a video call.
    pub video: bool,
    /// The time of its creation.
    pub created_at: Moment,
    /// The last time that it was made, moved or cancelled.
    pub updated_at: Moment,
    /// The time of its cancellation, if it was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<Moment>,
    /// The reason why it is stranded, if it is; absent in the change feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stranded: Option<Stranded>,
}

/// An invite, by ids; the guest's name and address require a scope of their own.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InviteRecord {
    /// The invite.
    pub id: Uuid,
    /// The evening.
    pub evening_id: Uuid,
    /// The inviting parent.
    pub parent_id: Uuid,
    /// The parent's id in the roster.
    pub parent_sourced_id: String,
    /// The students covered.
    pub student_ids: Vec<Uuid>,
    /// The students' ids in the roster, in the same order.
    pub student_sourced_ids: Vec<String>,
    /// The guest's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The guest's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The time when it was first sent.
    pub created_at: Moment,
    /// The time of its latest change.
    pub updated_at: Moment,
    /// The time when its link was first opened, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Moment>,
    /// The time when the guest first joined a call, if they did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined_at: Option<Moment>,
    /// The time when it ended, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Moment>,
}

/// The attendance of an appointment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AttendanceRecord {
    /// The booking.
    pub booking_id: Uuid,
    /// The evening.
    pub evening_id: Uuid,
    /// The start.
    pub starts_at: Moment,
    /// A teacher marked that nobody came.
    pub no_show: bool,
    /// The people who were in the call, in the order in which they first joined.
    pub people: Vec<Attendee>,
}

/// Somebody who was in a call.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Attendee {
    /// The person's id, or the invite's id for a guest.
    pub id: Uuid,
    /// The person's id in the roster; absent for a guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sourced_id: Option<String>,
    /// Their role in the call.
    pub role: CallRole,
    /// The time when they first joined.
    pub joined_at: Moment,
    /// The time when they last left; absent while they are in the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_at: Option<Moment>,
}

/// The kind of object that changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub enum ChangeKind {
    Evening,
    Booking,
    Invite,
    Attendance,
}

/// An object that was created or changed, in its current state.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Change {
    /// The kind of object.
    pub kind: ChangeKind,
    /// The id of the object; for attendance the id of the booking.
    pub id: Uuid,
    /// The object no longer exists.
    pub deleted: bool,
    /// The evening, for a change of kind `evening`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evening: Option<Evening>,
    /// The appointment, for a change of kind `booking`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booking: Option<BookingRecord>,
    /// The invite, for a change of kind `invite`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invite: Option<InviteRecord>,
    /// The attendance, for a change of kind `attendance`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attendance: Option<AttendanceRecord>,
}

/// A page of the change feed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ChangePage {
    /// The changes, in the order of their sequence numbers.
    pub items: Vec<Change>,
    /// The cursor from which to continue, now or later.
    pub next_cursor: String,
    /// More changes are already available.
    pub has_more: bool,
}
