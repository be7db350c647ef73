//! Appointments as calendar files (RFC 5545) and as calendar messages in mail (RFC 5546). Times are
//! written in UTC, so that they are right on both sides of a clock change. A file contains no link
//! and no token, because calendars are shared.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use icalendar::{Calendar, Class, Component, Event, EventLike, EventStatus, Property};
use parlour_domain::id::BookingId;

/// The method of a calendar: how a calendar program treats its events (RFC 5546, 1.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    /// Adds the events: a file to download.
    Publish,
    /// Adds or updates the events: in a mail.
    Request,
    /// Removes the events: in a mail.
    Cancel,
}

impl Method {
    /// The value of `METHOD` in the file and in the mail's content type.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Publish => "PUBLISH",
            Self::Request => "REQUEST",
            Self::Cancel => "CANCEL",
        }
    }
}

/// An appointment for calendars and mails. The names must be cleaned: on one line and without
/// invisible characters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Appointment {
    /// The booking. The UID of the calendar event is derived from it and never changes.
    pub booking: BookingId,
    /// The number of changes (RFC 5545, `SEQUENCE`).
    pub sequence: i32,
    /// Start of the appointment.
    pub starts_at: DateTime<Utc>,
    /// End of the appointment.
    pub ends_at: DateTime<Utc>,
    /// The class's subject.
    pub subject: String,
    /// The teachers' names, in order, as one text.
    pub teachers: String,
    /// The student's name.
    pub student: String,
    /// True if it is a video call; otherwise it is at the school.
    pub video: bool,
}

impl Appointment {
    /// The appointment without names, for recipients who lost access. A calendar still finds the
    /// event by its UID.
    #[must_use]
    pub fn without_names(self) -> Self {
        Self { subject: String::new(), teachers: String::new(), student: String::new(), ..self }
    }

    fn summary(&self) -> String {
        if self.subject.is_empty() && self.teachers.is_empty() {
            return "Appointment".to_owned();
        }
        one_line(&format!("{}: {} about {}", self.subject, self.teachers, self.student))
    }
}

/// The school as the organizer of the events.
#[derive(Clone, Copy, Debug)]
pub struct Organizer<'a> {
    /// The school's name.
    pub name: &'a str,
    /// The sender address of its mail.
    pub address: &'a str,
}

/// The recipient of a calendar message.
#[derive(Clone, Copy, Debug)]
pub struct Attendee<'a> {
    /// Their name.
    pub name: &'a str,
    /// Their address.
    pub address: &'a str,
}

/// Writes a calendar. A file to download has no attendee (RFC 5546, 3.2.1).
#[must_use]
pub fn calendar(
    method: Method,
    appointments: &[Appointment],
    now: DateTime<Utc>,
    school: Organizer<'_>,
    attendee: Option<Attendee<'_>>,
) -> String {
    let mut calendar = Calendar::empty();
    for property in [
        ("VERSION", "2.0"),
        ("PRODID", "-//Parlour//Parlour//EN"),
        ("CALSCALE", "GREGORIAN"),
        ("METHOD", method.as_str()),
    ] {
        calendar.append_property(property);
    }
    for appointment in appointments {
        calendar.push(event(
            method,
            appointment,
            now,
            school,
            attendee.filter(|_| method != Method::Publish),
        ));
    }
    calendar.to_string()
}

fn event(
    method: Method,
    appointment: &Appointment,
    now: DateTime<Utc>,
    school: Organizer<'_>,
    attendee: Option<Attendee<'_>>,
) -> Event {
    let mut event = Event::new();
    event
        .uid(&format!("booking-{}@parlour", appointment.booking))
        .sequence(u32::try_from(appointment.sequence).unwrap_or_default())
        .timestamp(now)
        .starts(appointment.starts_at)
        .ends(appointment.ends_at)
        .summary(&appointment.summary())
        .location(&if appointment.video { "Video call".to_owned() } else { one_line(school.name) })
        .class(Class::Private)
        .status(if method == Method::Cancel {
            EventStatus::Cancelled
        } else {
            EventStatus::Confirmed
        })
        .append_property(person("ORGANIZER", school.name, school.address));
    if let Some(attendee) = attendee {
        let mut property = person("ATTENDEE", attendee.name, attendee.address);
        property
            .add_parameter("PARTSTAT", "ACCEPTED")
            .add_parameter("ROLE", "REQ-PARTICIPANT")
            .add_parameter("RSVP", "FALSE");
        event.append_multi_property(property);
    }
    event.done()
}

fn person(property: &str, name: &str, address: &str) -> Property {
    let mut property = Property::new(property, format!("mailto:{}", in_mailto(address)));
    // A parameter can't contain a quotation mark (RFC 5545, 3.2).
    property.add_parameter("CN", &one_line(name).replace('"', "’"));
    property
}

/// Percent-encodes the characters that would end an address inside a `mailto:` URI (RFC 6068, 2).
fn in_mailto(address: &str) -> String {
    let mut written = String::with_capacity(address.len());
    for c in address.chars() {
        if c.is_ascii() && !c.is_ascii_alphanumeric() && !"@.-_+'~!$*=".contains(c) {
            // Writing to a string can't fail.
            let _ = write!(written, "%{:02X}", u32::from(c));
        } else {
            written.push(c);
        }
    }
    written
}

/// Replaces control characters, so that a line break in a name can't begin a new line of the file.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const SCHOOL: Organizer<'static> =
        Organizer { name: "Hillcrest School", address: "mail@hillcrest.example" };

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn science(starts_at: &str, ends_at: &str) -> Appointment {
        Appointment {
            booking: BookingId(Uuid::from_u128(7)),
            sequence: 2,
            starts_at: at(starts_at),
            ends_at: at(ends_at),
            subject: "Science".into(),
            teachers: "Mrs Anita Abell".into(),
            student: "Sophie Aaron".into(),
            video: true,
        }
    }

    fn unfolded(text: &str) -> String {
        text.replace("\r\n ", "")
    }

    #[test]
    fn request_has_all_event_properties() {
        let attendee = Attendee { name: "Rachel Aaron", address: "rachel@example.org" };
        let text = calendar(
            Method::Request,
            &[science("2026-11-26T16:00:00Z", "2026-11-26T16:05:00Z")],
            at("2026-11-20T09:30:00.123456Z"),
            SCHOOL,
            Some(attendee),
        );
        let text = unfolded(&text);
        for line in [
            "METHOD:REQUEST",
            "UID:booking-00000000-0000-0000-0000-000000000007@parlour",
            "SEQUENCE:2",
            "DTSTAMP:20261120T093000Z",
            "DTSTART:20261126T160000Z",
            "DTEND:20261126T160500Z",
            "SUMMARY:Science: Mrs Anita Abell about Sophie Aaron",
            "LOCATION:Video call",
            "STATUS:CONFIRMED",
            "ORGANIZER;CN=Hillcrest School:mailto:mail@hillcrest.example",
            "ATTENDEE;CN=Rachel \
             Aaron;PARTSTAT=ACCEPTED;ROLE=REQ-PARTICIPANT;RSVP=FALSE:mailto:rachel@example.org",
        ] {
            assert!(text.contains(&format!("\r\n{line}\r\n")), "no line {line} in\n{text}");
        }
    }

    #[test]
    fn published_calendar_has_no_attendee() {
        let attendee = Attendee { name: "Rachel Aaron", address: "rachel@example.org" };
        let text = calendar(
            Method::Publish,
            &[science("2026-11-26T16:00:00Z", "2026-11-26T16:05:00Z")],
            at("2026-11-20T09:30:00Z"),
            SCHOOL,
            Some(attendee),
        );
        assert!(text.contains("METHOD:PUBLISH\r\n"));
        assert!(!text.contains("ATTENDEE"));
    }

    #[test]
    fn cancellation_sets_method_and_status() {
        let text = calendar(
            Method::Cancel,
            &[science("2026-11-26T16:00:00Z", "2026-11-26T16:05:00Z")],
            at("2026-11-20T09:30:00Z"),
            SCHOOL,
            None,
        );
        assert!(text.contains("METHOD:CANCEL\r\n"));
        assert!(text.contains("STATUS:CANCELLED\r\n"));
    }

    #[test]
    fn cancellation_without_names_is_anonymous() {
        let appointment = science("2026-11-26T16:00:00Z", "2026-11-26T16:05:00Z").without_names();
        let text =
            calendar(Method::Cancel, &[appointment], at("2026-11-20T09:30:00Z"), SCHOOL, None);
        for line in [
            "UID:booking-00000000-0000-0000-0000-000000000007@parlour",
            "SEQUENCE:2",
            "SUMMARY:Appointment",
            "STATUS:CANCELLED",
        ] {
            assert!(text.contains(&format!("\r\n{line}\r\n")), "no line {line} in\n{text}");
        }
        assert!(
            !text.contains("Science") && !text.contains("Abell") && !text.contains("Sophie"),
            "{text}"
        );
    }

    #[test]
    fn times_are_correct_before_and_after_a_dst_change() {
        use chrono::TimeZone;
        // In London the clocks go back on 25 October 2026 at 02:00: 16:00 is 15:00 UTC the day
        // before and 16:00 UTC on the day.
        let london = chrono_tz::Europe::London;
        for (day, start) in [(24, "DTSTART:20261024T150000Z"), (25, "DTSTART:20261025T160000Z")] {
            let mut appointment = science("2026-11-26T16:00:00Z", "2026-11-26T16:05:00Z");
            appointment.starts_at =
                london.with_ymd_and_hms(2026, 10, day, 16, 0, 0).unwrap().with_timezone(&Utc);
            let text =
                calendar(Method::Publish, &[appointment], at("2026-10-20T09:30:00Z"), SCHOOL, None);
            assert!(text.contains(start), "{text}");
        }
    }

    #[test]
    fn names_are_escaped_against_property_injection() {
        let mut appointment = science("2026-11-26T16:00:00Z", "2026-11-26T16:05:00Z");
        appointment.student = "A;B,C\\D\r\nATTENDEE:mailto:evil@example.com".into();
        appointment.video = false;
        let school = Organizer { name: "St \"X\", Y: Z\r\nX-EVIL:1", address: "a?b#c@example.org" };
        let text = unfolded(&calendar(
            Method::Request,
            &[appointment],
            at("2026-11-20T09:30:00Z"),
            school,
            None,
        ));
        assert!(text.contains(r"about A\;B\,C\\D  ATTENDEE:mailto:evil@example.com"), "{text}");
        assert!(
            text.contains(
                "ORGANIZER;CN=\"St ’X’, Y: Z  X-EVIL:1\":mailto:a%3Fb%23c@example.org\r\n"
            ),
            "{text}"
        );
        assert!(
            text.lines().all(|line| !line.starts_with("ATTENDEE") && !line.starts_with("X-EVIL"))
        );
    }

    #[test]
    fn lines_are_folded_at_75_bytes_on_char_boundaries() {
        let mut appointment = science("2026-11-26T16:00:00Z", "2026-11-26T16:05:00Z");
        appointment.student = "Zoë 🌟 محمد عبد الله ".repeat(12);
        let text = calendar(
            Method::Publish,
            std::slice::from_ref(&appointment),
            at("2026-11-20T09:30:00Z"),
            SCHOOL,
            None,
        );
        assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
        assert!(unfolded(&text).contains(appointment.student.trim_end()));
    }
}
