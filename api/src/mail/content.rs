//! The content of each mail template, ready to render: names are cleaned, times are in the
//! evening's time zone, links are absolute.

use crate::{
    calendar::{Appointment, Method},
    mail_text,
    store::mail_content::{Evening, School},
};

/// A mail before it is rendered.
pub struct Letter {
    /// The school that sends it.
    pub school: School,
    /// The recipient's address.
    pub to: String,
    /// The recipient's name, for calendar messages.
    pub to_name: String,
    /// The subject.
    pub subject: String,
    /// The preview that mail clients show beside the subject.
    pub preview: String,
    /// The values of the template.
    pub content: Content,
    /// The appointments to add, update or cancel in the recipient's calendar.
    pub calendar: Vec<(Method, Appointment)>,
}

impl Letter {
    /// The first letter or digit of the school's name, shown in its badge; empty if there is none.
    pub fn initial(&self) -> String {
        self.school
            .name
            .chars()
            .find(|c| c.is_alphanumeric())
            .map(|c| c.to_uppercase().to_string())
            .unwrap_or_default()
    }
}

/// An evening, as shown to people.
pub struct EveningText {
    /// Such as "Year 9 Parents’ Evening".
    pub title: String,
    /// Such as "Thursday 26 November 2026".
    pub date: String,
    /// Such as "26 November".
    pub short_date: String,
}

impl EveningText {
    pub fn of(evening: &Evening) -> Self {
        Self {
            title: evening.title.clone(),
            date: mail_text::long_date(evening.starts_at, evening.zone),
            short_date: mail_text::short_date(evening.starts_at, evening.zone),
        }
    }
}

/// An appointment, as shown to people.
pub struct AppointmentText {
    /// Such as "16:05".
    pub time: String,
    /// Such as "Mr Geraint Davies".
    pub teachers: String,
    /// Such as "Liz Aaron".
    pub student: String,
    /// Such as "Music".
    pub subject: String,
    /// True if it is a video call; otherwise it is at the school.
    pub video: bool,
}

impl AppointmentText {
    pub fn of(appointment: &Appointment, evening: &Evening) -> Self {
        Self {
            time: mail_text::time(appointment.starts_at, evening.zone),
            teachers: appointment.teachers.clone(),
            student: appointment.student.clone(),
            subject: appointment.subject.clone(),
            video: appointment.video,
        }
    }
}

/// A guest's link, with its invite.
pub struct GuestLink {
    /// The inviting parent's name.
    pub parent: String,
    /// The evening of the invite.
    pub evening: EveningText,
    /// The link.
    pub url: String,
}

/// The values of each template.
pub enum Content {
    Login {
        name: Option<String>,
        code: String,
        url: String,
        until: String,
    },
    BookingsMade {
        name: String,
        evening: EveningText,
        rows: Vec<AppointmentText>,
        url: String,
    },
    BookingChanged {
        name: String,
        evening: EveningText,
        rows: Vec<AppointmentText>,
        url: String,
    },
    BookingCancelled {
        name: String,
        evening: EveningText,
        rows: Vec<AppointmentText>,
        url: String,
    },
    Invite {
        name: String,
        parent: String,
        evening: EveningText,
        students: String,
        rows: Vec<AppointmentText>,
        url: String,
        decline_url: String,
    },
    GuestUpdate {
        name: String,
        parent: String,
        evening: EveningText,
        students: String,
        rows: Vec<AppointmentText>,
        cancelled: Vec<AppointmentText>,
        url: String,
        decline_url: String,
    },
    InviteRemoved {
        name: String,
        parent: String,
        evening: EveningText,
        students: String,
    },
    InviteDeclined {
        name: String,
        guest: String,
        address: String,
        evening: EveningText,
        students: String,
        url: String,
    },
    AccessEnded,
    AddressChanged {
        name: String,
    },
    StaffAlert {
        name: String,
        alerts: Vec<String>,
        url: String,
    },
    CallCode {
        name: String,
        code: String,
        until: String,
        url: String,
    },
    LinkElsewhere {
        name: String,
        guest: String,
        is_parent: bool,
        evening: EveningText,
        url: String,
    },
    GuestLinks {
        name: String,
        links: Vec<GuestLink>,
    },
}

impl Content {
    /// Returns whether any of these appointments is a video call.
    pub fn has_video(rows: &[AppointmentText]) -> bool {
        rows.iter().any(|row| row.video)
    }
}
