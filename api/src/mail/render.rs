//! Renders a letter as plain text, HTML and calendar messages.

use askama::Template;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    CalendarMessage, Mail,
    content::{Content, Letter},
};
use crate::{
    calendar::{Attendee, Organizer, calendar},
    mail_text::clean,
};

#[derive(Template)]
#[template(path = "mail.html")]
struct Html<'a> {
    letter: &'a Letter,
    content: &'a Content,
}

#[derive(Template)]
#[template(path = "mail.txt", escape = "none")]
struct Text<'a> {
    letter: &'a Letter,
    content: &'a Content,
}

/// Renders a letter.
///
/// # Errors
/// Fails if a template fails.
pub fn render(id: Uuid, letter: &Letter, from: &str, now: DateTime<Utc>) -> askama::Result<Mail> {
    let content = &letter.content;
    let organizer = Organizer { name: &letter.school.name, address: from };
    let attendee = Attendee { name: &letter.to_name, address: &letter.to };
    Ok(Mail {
        id,
        from_name: letter.school.name.clone(),
        from: from.to_owned(),
        to: letter.to.clone(),
        subject: clean(&letter.subject),
        text: Text { letter, content }.render()?,
        html: Html { letter, content }.render()?,
        calendar: (1..)
            .zip(&letter.calendar)
            .map(|(number, (method, appointment))| CalendarMessage {
                method: *method,
                file: format!("appointment-{number}.ics"),
                text: calendar(
                    *method,
                    std::slice::from_ref(appointment),
                    now,
                    organizer,
                    Some(attendee),
                ),
            })
            .collect(),
    })
}
