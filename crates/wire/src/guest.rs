//! The guest's views: the link, the session and the appointments.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Moment, Student, Teacher};

/// The preview of a guest's link before the button is pressed: without students, teachers and times
/// (I8).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GuestLinkPreview {
    /// The school's name.
    pub school: String,
    /// The evening's name.
    pub evening_title: String,
    /// The date of the evening, given as its start.
    pub date: Moment,
    /// The guest's name.
    pub guest_name: String,
    /// The parent who invited.
    pub invited_by: String,
    /// This browser is logged in as the inviting parent, for whom the link is not meant.
    pub own_invite: bool,
    /// This browser already has a guest session of this invite.
    pub in_session: bool,
    /// The guest sits in a call now, perhaps on another device: entering a call asks whether to
    /// move here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_call: Option<bool>,
}

/// The response of `GET /guest/appointments`: all invites of this browser's guest sessions.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GuestAppointments {
    /// The invites.
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
    /// Their appointments with that parent, ordered by time.
    pub appointments: Vec<GuestAppointment>,
    /// The expiry of the link.
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
    /// The student whom the appointment is about.
    pub student: Student,
    /// The teachers of the appointment.
    pub teachers: Vec<Teacher>,
    /// The subject.
    pub subject: String,
    /// It is a video call, which the guest may join; otherwise it takes place at the school.
    pub video: bool,
}
