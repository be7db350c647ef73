//! The guest's side: the link, the session, the appointments.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Moment, Student, Teacher};

/// What a guest's link shows before the button is pressed: nothing about students, teachers or
/// times.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GuestLinkPreview {
    /// The school's name.
    pub school: String,
    /// The evening's name.
    pub evening_title: String,
    /// The day of the evening: its start, to be shown as a date.
    pub date: Moment,
    /// The guest's name.
    pub guest_name: String,
    /// The parent who invited.
    pub invited_by: String,
    /// This browser is logged in as the inviting parent, whose link this is not.
    pub own_invite: bool,
    /// This browser has a guest session of this invite already.
    pub in_session: bool,
    /// The guest sits in a call now, perhaps on another device: entering one asks whether to move
    /// here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_call: Option<bool>,
}

/// `GET /guest/appointments`: all that this browser's guest sessions may see.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GuestAppointments {
    /// One entry an invite.
    pub invites: Vec<GuestInvite>,
}

/// One invite, as its guest sees it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GuestInvite {
    /// The invite.
    pub invite_id: Uuid,
    /// The school's name.
    pub school: String,
    /// The evening's name.
    pub evening_title: String,
    /// The evening's start.
    pub starts_at: Moment,
    /// The guest's name.
    pub guest_name: String,
    /// The parent who invited.
    pub invited_by: String,
    /// The students covered.
    pub students: Vec<Student>,
    /// Their appointments with that parent, by time.
    pub appointments: Vec<GuestAppointment>,
    /// When the link dies.
    pub link_ends_at: Moment,
}

/// One appointment, as a guest sees it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GuestAppointment {
    /// The booking.
    pub booking_id: Uuid,
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
    /// It is a video call, which the guest may join; otherwise it is at the school.
    pub video: bool,
}
