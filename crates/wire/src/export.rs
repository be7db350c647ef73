//! What programs fetch: appointments, invites and attendance by ids, and the feed of changes.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{CallRole, Evening, Moment, Stranded};

/// An appointment, by ids.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BookingRecord {
    /// The booking.
    pub id: Uuid,
    /// Of which evening.
    pub evening_id: Uuid,
    /// About which class.
    pub class_id: Uuid,
    /// The class's id in the roster.
    pub class_sourced_id: String,
    /// About whom.
    pub student_id: Uuid,
    /// The student's id in the roster.
    pub student_sourced_id: String,
    /// Who comes.
    pub parent_id: Uuid,
    /// The parent's id in the roster.
    pub parent_sourced_id: String,
    /// With whom.
    pub teacher_ids: Vec<Uuid>,
    /// The teachers' ids in the roster, in the same order.
    pub teacher_sourced_ids: Vec<String>,
    /// From when.
    pub starts_at: Moment,
    /// Until when.
    pub ends_at: Moment,
    /// By video.
    pub video: bool,
    /// When it was made.
    pub created_at: Moment,
    /// When it was last made, moved or cancelled.
    pub updated_at: Moment,
    /// When it was cancelled, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<Moment>,
    /// Why the roster has stranded it, if it has; not in the feed of changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stranded: Option<Stranded>,
}

/// An invite, by ids; the guest's name and address only with the scope for them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InviteRecord {
    /// The invite.
    pub id: Uuid,
    /// Of which evening.
    pub evening_id: Uuid,
    /// Who invites.
    pub parent_id: Uuid,
    /// The parent's id in the roster.
    pub parent_sourced_id: String,
    /// For which students.
    pub student_ids: Vec<Uuid>,
    /// The students' ids in the roster, in the same order.
    pub student_sourced_ids: Vec<String>,
    /// The guest's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The guest's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// When it was sent first.
    pub created_at: Moment,
    /// When anything of it last changed.
    pub updated_at: Moment,
    /// When its link was first opened, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Moment>,
    /// When the guest first joined a call, if they did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined_at: Option<Moment>,
    /// When it ended, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Moment>,
}

/// Who came to an appointment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AttendanceRecord {
    /// The booking.
    pub booking_id: Uuid,
    /// Of which evening.
    pub evening_id: Uuid,
    /// From when.
    pub starts_at: Moment,
    /// A teacher marked that nobody came.
    pub no_show: bool,
    /// Who was in the call, in the order in which they came first.
    pub people: Vec<Attendee>,
}

/// Somebody who was in a call.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Attendee {
    /// A person's id, or for a guest their invite's.
    pub id: Uuid,
    /// A person's id in the roster; none for a guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sourced_id: Option<String>,
    /// As what they came.
    pub role: CallRole,
    /// When they first came in.
    pub joined_at: Moment,
    /// When they were last heard of leaving; absent while they are in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_at: Option<Moment>,
}

/// What a change is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum ChangeKind {
    Evening,
    Booking,
    Invite,
    Attendance,
}

/// Something that was made or changed, as it is now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Change {
    /// What it is.
    pub kind: ChangeKind,
    /// Which one; of attendance the booking.
    pub id: Uuid,
    /// It is there no more.
    pub deleted: bool,
    /// The evening, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evening: Option<Evening>,
    /// The appointment, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booking: Option<BookingRecord>,
    /// The invite, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invite: Option<InviteRecord>,
    /// Who came, where it is attendance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attendance: Option<AttendanceRecord>,
}

/// A page of the feed of changes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ChangePage {
    /// The changes, in the order in which they became known.
    pub items: Vec<Change>,
    /// Pass it as `cursor` to go on from here, now or later.
    pub next_cursor: String,
    /// More is there already.
    pub has_more: bool,
}
