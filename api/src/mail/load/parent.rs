//! Mails to parents about their own appointments and invites.

use std::collections::HashSet;

use parlour_domain::id::PersonId;

use super::{ACCESS_ENDED, Desk, Loaded, NO_ADDRESS, NOT_ALLOWED, OUTDATED, OVER};
use crate::{
    calendar::{Appointment, Method},
    mail::{
        content::{Content, EveningWords, Row},
        words,
    },
    store::{
        Db, Error, Result,
        mail_content::{self, Booked, Evening, Person},
    },
};

/// A parent who may be written to.
struct Reader {
    person: Person,
    to: String,
    /// About whom they may be told.
    students: HashSet<PersonId>,
}

impl Desk<'_> {
    pub(super) fn bookings_made(&self, db: &mut Db) -> Result<Loaded> {
        let evening = self.evening(db)?;
        let Some(reader) = self.reader(db)? else { return Ok(Loaded::Nothing(NO_ADDRESS)) };
        if evening.ends_at <= self.now {
            return Ok(Loaded::Nothing(OVER));
        }
        let booked = mail_content::bookings_of(db, evening.id, reader.person.id)?;
        let live = booked.into_iter().filter(|booked| booked.cancelled_at.is_none() && reader.students.contains(&booked.student));
        let appointments: Vec<Appointment> = live.map(|booked| booked.appointment).collect();
        if appointments.is_empty() {
            return Ok(Loaded::Nothing(OUTDATED));
        }
        let words = EveningWords::of(&evening);
        let subject = format!("Your appointments: {}, {}", words.title, words.short_date);
        let preview = preview(&appointments, &evening);
        let rows = appointments.iter().map(|appointment| Row::of(appointment, &evening)).collect();
        let content = Content::BookingsMade { name: reader.person.name.clone(), evening: words, rows, url: self.own_url(db, &evening)? };
        let mut letter = self.letter(reader.to, &reader.person.name, subject, preview, content);
        letter.calendar = each(Method::Request, appointments).collect();
        Ok(letter.into())
    }

    pub(super) fn booking_changed(&self, db: &mut Db) -> Result<Loaded> {
        self.about_one(db, Method::Request)
    }

    pub(super) fn booking_cancelled(&self, db: &mut Db) -> Result<Loaded> {
        self.about_one(db, Method::Cancel)
    }

    fn about_one(&self, db: &mut Db, method: Method) -> Result<Loaded> {
        let booked = mail_content::booking(db, self.mail.booking.ok_or(Error::NotFound)?)?;
        let evening = mail_content::evening(db, booked.evening)?;
        let Some(reader) = self.reader(db)? else { return Ok(Loaded::Nothing(NO_ADDRESS)) };
        if booked.parent != reader.person.id || !reader.students.contains(&booked.student) {
            return Ok(Loaded::Nothing(NOT_ALLOWED));
        }
        if evening.ends_at <= self.now {
            return Ok(Loaded::Nothing(OVER));
        }
        let is_cancelled = booked.cancelled_at.is_some();
        if is_cancelled != (method == Method::Cancel) {
            return Ok(Loaded::Nothing(OUTDATED));
        }
        self.one_letter(db, reader, &evening, booked).map(Into::into)
    }

    fn one_letter(&self, db: &mut Db, reader: Reader, evening: &Evening, booked: Booked) -> Result<super::Letter> {
        let (name, url) = (reader.person.name.clone(), self.own_url(db, evening)?);
        let (words, row) = (EveningWords::of(evening), Row::of(&booked.appointment, evening));
        let what = format!("{} at {}, {}", row.subject, row.time, words.short_date);
        let preview = format!("{} about {}", row.teachers, row.student);
        let (subject, method, content) = if booked.cancelled_at.is_some() {
            (format!("Cancelled: {what}"), Method::Cancel, Content::BookingCancelled { name, evening: words, row, url })
        } else {
            (format!("Changed: {what}"), Method::Request, Content::BookingChanged { name, evening: words, row, url })
        };
        let mut letter = self.letter(reader.to, &reader.person.name, subject, preview, content);
        letter.calendar = vec![(method, booked.appointment)];
        Ok(letter)
    }

    pub(super) fn invite_declined(&self, db: &mut Db) -> Result<Loaded> {
        let invite = mail_content::invite(db, self.mail.invite.ok_or(Error::NotFound)?)?;
        let evening = mail_content::evening(db, invite.evening)?;
        let Some(reader) = self.reader(db)? else { return Ok(Loaded::Nothing(NO_ADDRESS)) };
        if invite.parent != reader.person.id || !invite.students.iter().all(|(student, _)| reader.students.contains(student)) {
            return Ok(Loaded::Nothing(NOT_ALLOWED));
        }
        let students: Vec<String> = invite.students.into_iter().map(|(_, name)| name).collect();
        let content = Content::InviteDeclined {
            name: reader.person.name.clone(),
            guest: invite.name.clone(),
            address: words::clean_address(&invite.email),
            evening: EveningWords::of(&evening),
            students: words::list(&students),
            url: format!("{}evenings/{}", self.base(), evening.id),
        };
        let subject = format!("Your invite did not reach {}", invite.name);
        let preview = "Check the address and send a new invite.".to_owned();
        Ok(self.letter(reader.to, &reader.person.name, subject, preview, content).into())
    }

    /// To the parent who invited: the guest's link is used on several devices.
    pub(super) fn parent_link_elsewhere(&self, db: &mut Db) -> Result<Loaded> {
        let invite = mail_content::invite(db, self.mail.invite.ok_or(Error::NotFound)?)?;
        let evening = mail_content::evening(db, invite.evening)?;
        let Some(reader) = self.reader(db)? else { return Ok(Loaded::Nothing(NO_ADDRESS)) };
        if invite.parent != reader.person.id || !invite.students.iter().all(|(student, _)| reader.students.contains(student)) {
            return Ok(Loaded::Nothing(NOT_ALLOWED));
        }
        if invite.ended_at.is_some() {
            return Ok(Loaded::Nothing(OUTDATED));
        }
        let content = Content::LinkElsewhere {
            name: reader.person.name.clone(),
            guest: invite.name.clone(),
            is_parent: true,
            evening: EveningWords::of(&evening),
            url: format!("{}evenings/{}", self.base(), evening.id),
        };
        let subject = format!("{}’s link was used on several devices", invite.name);
        let preview = "If that was not your guest, renew the link.".to_owned();
        Ok(self.letter(reader.to, &reader.person.name, subject, preview, content).into())
    }

    pub(super) fn parent_access_ended(&self, db: &mut Db) -> Result<Loaded> {
        let person = mail_content::person(db, self.mail.person.ok_or(Error::NotFound)?)?;
        let Some(to) = person.email.clone().filter(|_| !person.is_removed) else { return Ok(Loaded::Nothing(NO_ADDRESS)) };
        if mail_content::is_barred_parent(db, self.mail.school, &person)? {
            return Ok(Loaded::Nothing(NOT_ALLOWED));
        }
        Ok(self.letter(to, &person.name, "Your access has ended".to_owned(), ACCESS_ENDED.to_owned(), Content::AccessEnded).into())
    }

    /// The parent that the mail is for, if they can be written to.
    fn reader(&self, db: &mut Db) -> Result<Option<Reader>> {
        let person = mail_content::person(db, self.mail.person.ok_or(Error::NotFound)?)?;
        let students = mail_content::allowed_students(db, person.id)?;
        Ok(person.email.clone().filter(|_| !person.is_removed).map(|to| Reader { person, to, students }))
    }

    fn evening(&self, db: &mut Db) -> Result<Evening> {
        mail_content::evening(db, self.mail.evening.ok_or(Error::NotFound)?)
    }

    /// Their appointments' page: by the standing link while it works, else through the login.
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

/// What a calendar is to do with each of these.
pub(super) fn each(method: Method, appointments: Vec<Appointment>) -> impl Iterator<Item = (Method, Appointment)> {
    appointments.into_iter().map(move |appointment| (method, appointment))
}

/// "16:00 Science, 16:05 Music".
pub(super) fn preview(appointments: &[Appointment], evening: &Evening) -> String {
    let each: Vec<String> =
        appointments.iter().map(|appointment| format!("{} {}", words::time(appointment.starts_at, evening.zone), appointment.subject)).collect();
    each.join(", ")
}
