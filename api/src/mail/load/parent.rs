//! Mails to parents about their own appointments and invites.

use std::collections::HashSet;

use parlour_domain::id::PersonId;

use super::{ACCESS_ENDED, LetterBuilder, LoadedMail, NO_ADDRESS, NOT_ALLOWED, OUTDATED, OVER};
use crate::{
    calendar::{Appointment, Method},
    mail::content::{AppointmentText, Content, EveningText},
    mail_text,
    store::{
        Db, Error, Result,
        mail_content::{self, BookedAppointment, Evening, Person},
    },
};

/// A parent who can be mailed.
struct Reader {
    person: Person,
    to: String,
    /// The students that the parent has access to.
    students: HashSet<PersonId>,
}

impl LetterBuilder<'_> {
    pub(super) fn bookings_made(&self, db: &mut Db) -> Result<LoadedMail> {
        let evening = self.evening(db)?;
        let Some(reader) = self.reader(db)? else { return Ok(LoadedMail::Skip(NO_ADDRESS)) };
        if evening.ends_at <= self.now {
            return Ok(LoadedMail::Skip(OVER));
        }
        let booked = mail_content::bookings_of(db, evening.id, reader.person.id)?;
        let live = booked.into_iter().filter(|booked| {
            booked.cancelled_at.is_none() && reader.students.contains(&booked.student)
        });
        let appointments: Vec<Appointment> = live.map(|booked| booked.appointment).collect();
        if appointments.is_empty() {
            return Ok(LoadedMail::Skip(OUTDATED));
        }
        let words = EveningText::of(&evening);
        let subject = format!("Your appointments: {}, {}", words.title, words.short_date);
        let preview = preview(&appointments, &evening);
        let rows = appointments
            .iter()
            .map(|appointment| AppointmentText::of(appointment, &evening))
            .collect();
        let content = Content::BookingsMade {
            name: reader.person.name.clone(),
            evening: words,
            rows,
            url: self.own_url(db, &evening)?,
        };
        let mut letter = self.letter(reader.to, &reader.person.name, subject, preview, content);
        letter.calendar = with_method(Method::Request, appointments).collect();
        Ok(letter.into())
    }

    pub(super) fn booking_changed(&self, db: &mut Db) -> Result<LoadedMail> {
        self.booking_letter(db, Method::Request)
    }

    pub(super) fn booking_cancelled(&self, db: &mut Db) -> Result<LoadedMail> {
        self.booking_letter(db, Method::Cancel)
    }

    /// A mail about the one booking that the row names, or about all bookings changed or cancelled
    /// since it was queued.
    fn booking_letter(&self, db: &mut Db, method: Method) -> Result<LoadedMail> {
        let is_cancel = method == Method::Cancel;
        let person = self.mail.person.ok_or(Error::NotFound)?;
        let mut booked = match self.mail.booking {
            Some(booking) => vec![mail_content::booking(db, booking)?],
            None => {
                mail_content::bookings_of(db, self.mail.evening.ok_or(Error::NotFound)?, person)?
            }
        };
        if self.mail.booking.is_none() {
            let is_news = |one: &BookedAppointment| {
                if is_cancel {
                    one.cancelled_at.is_some_and(|at| at >= self.queued_at)
                } else {
                    one.changed_at >= self.queued_at
                }
            };
            booked.retain(|one| is_news(one) && one.appointment.sequence > 0);
        }
        let Some(first) = booked.first() else { return Ok(LoadedMail::Skip(OUTDATED)) };
        let evening = mail_content::evening(db, first.evening)?;
        let Some(reader) = self.reader(db)? else { return Ok(LoadedMail::Skip(NO_ADDRESS)) };
        let (own, lost): (Vec<BookedAppointment>, Vec<BookedAppointment>) = booked
            .into_iter()
            .filter(|one| one.parent == person)
            .partition(|one| reader.students.contains(&one.student));
        if own.is_empty() {
            // A parent without access is sent no details, but the appointments are removed from
            // their calendar.
            return if is_cancel {
                self.access_ended_letter(db, &reader.person, lost)
            } else {
                Ok(LoadedMail::Skip(NOT_ALLOWED))
            };
        }
        if evening.ends_at <= self.now {
            return Ok(LoadedMail::Skip(OVER));
        }
        let (own, lost) = (filter_cancelled(own, is_cancel), filter_cancelled(lost, true));
        if own.is_empty() {
            return Ok(LoadedMail::Skip(OUTDATED));
        }
        let parent = reader.person.clone();
        let mut letter = self.calendar_letter(db, reader, &evening, own, method)?;
        // A barred contact gets no calendar messages about them either.
        if is_cancel && !mail_content::is_barred_parent(db, self.mail.school, &parent)? {
            letter.calendar.extend(with_method(
                Method::Cancel,
                lost.into_iter().map(|one| one.appointment.without_names()).collect(),
            ));
        }
        Ok(letter.into())
    }

    fn calendar_letter(
        &self,
        db: &mut Db,
        reader: Reader,
        evening: &Evening,
        booked: Vec<BookedAppointment>,
        method: Method,
    ) -> Result<super::Letter> {
        let (name, url) = (reader.person.name.clone(), self.own_url(db, evening)?);
        let words = EveningText::of(evening);
        let rows: Vec<AppointmentText> =
            booked.iter().map(|one| AppointmentText::of(&one.appointment, evening)).collect();
        let (what, preview) = match rows.as_slice() {
            [row] => (
                format!("{} at {}, {}", row.subject, row.time, words.short_date),
                format!("{} about {}", row.teachers, row.student),
            ),
            rows => {
                let appointments: Vec<Appointment> =
                    booked.iter().map(|one| one.appointment.clone()).collect();
                (
                    format!("{} appointments, {}", rows.len(), words.short_date),
                    preview(&appointments, evening),
                )
            }
        };
        let (subject, content) = if method == Method::Cancel {
            (
                format!("Cancelled: {what}"),
                Content::BookingCancelled { name, evening: words, rows, url },
            )
        } else {
            (
                format!("Changed: {what}"),
                Content::BookingChanged { name, evening: words, rows, url },
            )
        };
        let mut letter = self.letter(reader.to, &reader.person.name, subject, preview, content);
        letter.calendar =
            with_method(method, booked.into_iter().map(|one| one.appointment).collect()).collect();
        Ok(letter)
    }

    pub(super) fn invite_declined(&self, db: &mut Db) -> Result<LoadedMail> {
        let invite = mail_content::invite(db, self.mail.invite.ok_or(Error::NotFound)?)?;
        let evening = mail_content::evening(db, invite.evening)?;
        let Some(reader) = self.reader(db)? else { return Ok(LoadedMail::Skip(NO_ADDRESS)) };
        if invite.parent != reader.person.id
            || !invite.students.iter().all(|(student, _)| reader.students.contains(student))
        {
            return Ok(LoadedMail::Skip(NOT_ALLOWED));
        }
        let students: Vec<String> = invite.students.into_iter().map(|(_, name)| name).collect();
        let content = Content::InviteDeclined {
            name: reader.person.name.clone(),
            guest: invite.name.clone(),
            address: mail_text::clean_address(&invite.email),
            evening: EveningText::of(&evening),
            students: mail_text::list(&students),
            url: format!("{}evenings/{}", self.base(), evening.id),
        };
        let subject = format!("Your invite did not reach {}", invite.name);
        let preview = "Check the address and send a new invite.".to_owned();
        Ok(self.letter(reader.to, &reader.person.name, subject, preview, content).into())
    }

    /// The notice to the inviting parent that the guest's link is used on several devices.
    pub(super) fn parent_link_elsewhere(&self, db: &mut Db) -> Result<LoadedMail> {
        let invite = mail_content::invite(db, self.mail.invite.ok_or(Error::NotFound)?)?;
        let evening = mail_content::evening(db, invite.evening)?;
        let Some(reader) = self.reader(db)? else { return Ok(LoadedMail::Skip(NO_ADDRESS)) };
        if invite.parent != reader.person.id
            || !invite.students.iter().all(|(student, _)| reader.students.contains(student))
        {
            return Ok(LoadedMail::Skip(NOT_ALLOWED));
        }
        if invite.ended_at.is_some() {
            return Ok(LoadedMail::Skip(OUTDATED));
        }
        let content = Content::LinkElsewhere {
            name: reader.person.name.clone(),
            guest: invite.name.clone(),
            is_parent: true,
            evening: EveningText::of(&evening),
            url: format!("{}evenings/{}", self.base(), evening.id),
        };
        let subject = format!("{}’s link was used on several devices", invite.name);
        let preview = "If that was not your guest, renew the link.".to_owned();
        Ok(self.letter(reader.to, &reader.person.name, subject, preview, content).into())
    }

    pub(super) fn parent_access_ended(&self, db: &mut Db) -> Result<LoadedMail> {
        let person = mail_content::person(db, self.mail.person.ok_or(Error::NotFound)?)?;
        let students = mail_content::allowed_students(db, person.id)?;
        let mut ended = mail_content::ended_since(db, person.id, self.queued_at, self.now)?;
        ended.retain(|one| !students.contains(&one.student));
        self.access_ended_letter(db, &person, ended)
    }

    /// A mail that access has ended, with the one text (I13); it removes these appointments from
    /// the parent's calendar. A barred contact is not mailed (I10).
    fn access_ended_letter(
        &self,
        db: &mut Db,
        person: &Person,
        ended: Vec<BookedAppointment>,
    ) -> Result<LoadedMail> {
        let Some(to) = person.email.clone().filter(|_| !person.is_removed) else {
            return Ok(LoadedMail::Skip(NO_ADDRESS));
        };
        if mail_content::is_barred_parent(db, self.mail.school, person)? {
            return Ok(LoadedMail::Skip(NOT_ALLOWED));
        }
        let mut letter = self.letter(
            to,
            &person.name,
            "Your access has ended".to_owned(),
            ACCESS_ENDED.to_owned(),
            Content::AccessEnded,
        );
        letter.calendar = with_method(
            Method::Cancel,
            ended.into_iter().map(|one| one.appointment.without_names()).collect(),
        )
        .collect();
        Ok(letter.into())
    }

    /// The recipient; `None` if they have no address or were removed.
    fn reader(&self, db: &mut Db) -> Result<Option<Reader>> {
        let person = mail_content::person(db, self.mail.person.ok_or(Error::NotFound)?)?;
        let students = mail_content::allowed_students(db, person.id)?;
        Ok(person.email.clone().filter(|_| !person.is_removed).map(|to| Reader {
            person,
            to,
            students,
        }))
    }

    fn evening(&self, db: &mut Db) -> Result<Evening> {
        mail_content::evening(db, self.mail.evening.ok_or(Error::NotFound)?)
    }

    /// The URL of the parent's appointments: the standing link while it is valid, otherwise a page
    /// behind the login.
    fn own_url(&self, db: &mut Db, evening: &Evening) -> Result<String> {
        if let Some(id) = self.mail.login_link {
            let link = mail_content::login_link(db, id)?;
            if !link.is_used && link.expires_at > self.now {
                return Ok(self.login_url(id));
            }
        }
        Ok(format!("{}evenings/{}", self.base(), evening.id))
    }
}

/// The cancelled bookings, or those that are not cancelled.
fn filter_cancelled(booked: Vec<BookedAppointment>, cancelled: bool) -> Vec<BookedAppointment> {
    booked.into_iter().filter(|one| one.cancelled_at.is_some() == cancelled).collect()
}

/// Pairs each appointment with the calendar method.
pub(super) fn with_method(
    method: Method,
    appointments: Vec<Appointment>,
) -> impl Iterator<Item = (Method, Appointment)> {
    appointments.into_iter().map(move |appointment| (method, appointment))
}

/// A preview such as "16:00 Science, 16:05 Music".
pub(super) fn preview(appointments: &[Appointment], evening: &Evening) -> String {
    let each: Vec<String> = appointments
        .iter()
        .map(|appointment| {
            format!(
                "{} {}",
                mail_text::time(appointment.starts_at, evening.zone),
                appointment.subject
            )
        })
        .collect();
    each.join(", ")
}
