//! What each mail says, ready to be written out: names are clean, times are on the evening's
//! clocks, links are whole.

use crate::{
    calendar::{Appointment, Method},
    mail_text,
    store::mail_content::{Evening, School},
};

/// A mail before it is written out.
pub struct Letter {
    /// In whose name.
    pub school: School,
    /// To which address.
    pub to: String,
    /// To whom, for the calendar.
    pub to_name: String,
    /// What it is about.
    pub subject: String,
    /// What mail clients show beside the subject.
    pub preview: String,
    /// What it says.
    pub content: Content,
    /// What the recipient's calendar is to do with each appointment.
    pub calendar: Vec<(Method, Appointment)>,
}

impl Letter {
    /// The letter in the school's badge.
    pub fn initial(&self) -> String {
        self.school
            .name
            .chars()
            .find(|c| c.is_alphanumeric())
            .map(|c| c.to_uppercase().to_string())
            .unwrap_or_default()
    }
}

/// An evening, in words.
pub struct EveningText {
    /// "Year 9 Parents’ Evening".
    pub title: String,
    /// "Thursday 26 November 2026".
    pub date: String,
    /// "26 November".
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

/// An appointment, in words.
pub struct AppointmentText {
    /// "16:05".
    pub time: String,
    /// "Mr Geraint Davies".
    pub teachers: String,
    /// "Liz Aaron".
    pub student: String,
    /// "Music".
    pub subject: String,
    /// A video call, or at the school.
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

/// A guest's link, with the invite that it belongs to.
pub struct GuestLink {
    /// The inviting parent's name.
    pub parent: String,
    /// To what.
    pub evening: EveningText,
    /// The link.
    pub url: String,
}

/// What each template says.
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
    /// Whether any of these appointments is a video call.
    pub fn has_video(rows: &[AppointmentText]) -> bool {
        rows.iter().any(|row| row.video)
    }
}
