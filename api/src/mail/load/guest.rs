//! Mails to guests. They contain the covered students and the inviting parent's appointments about
//! them, and nothing else (I8).

use chrono::{DateTime, Utc};
use parlour_domain::{id::PersonId, invite::LINK_GRACE};

use super::{
    ACCESS_ENDED, LetterBuilder, LoadedMail, NO_ADDRESS, NOT_ALLOWED, OUTDATED, OVER,
    parent::{preview, with_method},
};
use crate::{
    calendar::{Appointment, Method},
    keys::Purpose,
    mail::content::{AppointmentText, Content, EveningText, GuestLink},
    mail_text,
    store::{
        Db, Error, Result, guests,
        mail_content::{self, BookedAppointment, Evening, Invite},
    },
};

const SUPPRESSED: &str = "Whoever reads this address asked for no more mail.";

/// The data that every mail to a guest needs.
struct Invited {
    invite: Invite,
    evening: Evening,
    parent: String,
    students: String,
    /// The inviting parent's bookings about the covered students, including cancelled ones.
    booked: Vec<BookedAppointment>,
}

impl Invited {
    fn live(&self) -> Vec<Appointment> {
        self.booked
            .iter()
            .filter(|booked| booked.cancelled_at.is_none())
            .map(|booked| booked.appointment.clone())
            .collect()
    }

    /// The appointments to remove from the guest's calendar: all that are not over, including those
    /// whose cancellation was never mailed.
    fn calendar_removals(&self, now: DateTime<Utc>) -> Vec<Appointment> {
        self.booked
            .iter()
            .filter(|booked| booked.appointment.ends_at > now)
            .map(|booked| booked.appointment.clone())
            .collect()
    }

    fn rows(&self, appointments: &[Appointment]) -> Vec<AppointmentText> {
        appointments
            .iter()
            .map(|appointment| AppointmentText::of(appointment, &self.evening))
            .collect()
    }
}

impl LetterBuilder<'_> {
    pub(super) fn invite(&self, db: &mut Db) -> Result<LoadedMail> {
        let invited = match self.live_invite(db)? {
            Ok(invited) => invited,
            Err(nothing) => return Ok(LoadedMail::Skip(nothing)),
        };
        let appointments = invited.live();
        let (url, decline_url) = self.guest_urls(&invited.invite);
        let subject =
            format!("{} invites you to join parents’ evening appointments", invited.parent);
        let words = EveningText::of(&invited.evening);
        let preview = format!("{}, {}", words.title, words.date);
        let (rows, name) = (invited.rows(&appointments), invited.invite.name.clone());
        let content = Content::Invite {
            name: name.clone(),
            parent: invited.parent,
            evening: words,
            students: invited.students,
            rows,
            url,
            decline_url,
        };
        let mut letter = self.letter(invited.invite.email, &name, subject, preview, content);
        letter.calendar = with_method(Method::Request, appointments).collect();
        Ok(letter.into())
    }

    /// The update mail. It lists the current appointments, removes those cancelled since the mail
    /// was queued from the calendar, and updates the others.
    pub(super) fn guest_update(&self, db: &mut Db) -> Result<LoadedMail> {
        let invited = match self.live_invite(db)? {
            Ok(invited) => invited,
            Err(nothing) => return Ok(LoadedMail::Skip(nothing)),
        };
        let is_told = |booked: &&BookedAppointment| {
            booked.cancelled_at.is_some_and(|at| {
                at >= self.queued_at || Some(booked.appointment.booking) == self.mail.booking
            })
        };
        let cancelled: Vec<Appointment> = invited
            .booked
            .iter()
            .filter(is_told)
            .map(|booked| booked.appointment.clone())
            .collect();
        let appointments = invited.live();
        let (url, decline_url) = self.guest_urls(&invited.invite);
        let words = EveningText::of(&invited.evening);
        let subject = format!(
            "Appointments you may join have changed: {}, {}",
            words.title, words.short_date
        );
        let preview = preview(&appointments, &invited.evening);
        let (rows, cancelled_rows, name) =
            (invited.rows(&appointments), invited.rows(&cancelled), invited.invite.name.clone());
        let content = Content::GuestUpdate {
            name: name.clone(),
            parent: invited.parent,
            evening: words,
            students: invited.students,
            rows,
            cancelled: cancelled_rows,
            url,
            decline_url,
        };
        let mut letter = self.letter(invited.invite.email, &name, subject, preview, content);
        letter.calendar = with_method(Method::Cancel, cancelled)
            .chain(with_method(Method::Request, appointments))
            .collect();
        Ok(letter.into())
    }

    /// The notice that an invite was removed, sent only if the guest was mailed the link before.
    pub(super) fn invite_removed(&self, db: &mut Db) -> Result<LoadedMail> {
        let invited = self.invited(db)?;
        if invited.invite.ended_reason.as_deref() != Some("removed")
            || !mail_content::was_mailed(db, &invited.invite)?
        {
            return Ok(LoadedMail::Skip(OUTDATED));
        }
        if let Some(nothing) = self.forbidden(db, &invited.invite)? {
            return Ok(LoadedMail::Skip(nothing));
        }
        let appointments = invited.calendar_removals(self.now);
        let words = EveningText::of(&invited.evening);
        let subject = format!("{}’s invite was removed", invited.parent);
        let preview = format!("{}, {}", words.title, words.date);
        let name = invited.invite.name.clone();
        let content = Content::InviteRemoved {
            name: name.clone(),
            parent: invited.parent,
            evening: words,
            students: invited.students,
        };
        let mut letter = self.letter(invited.invite.email, &name, subject, preview, content);
        letter.calendar = with_method(Method::Cancel, appointments).collect();
        Ok(letter.into())
    }

    /// The mail with the code for a link that was taken over too often (I9).
    pub(super) fn call_code(&self, db: &mut Db) -> Result<LoadedMail> {
        let id = self.mail.call_code.ok_or(Error::NotFound)?;
        let invited = match self.live_invite(db)? {
            Ok(invited) => invited,
            Err(nothing) => return Ok(LoadedMail::Skip(nothing)),
        };
        let Some(expires_at) =
            mail_content::call_code(db, id)?.filter(|expires_at| *expires_at > self.now)
        else {
            return Ok(LoadedMail::Skip(OUTDATED));
        };
        let code = self.keys.call_code(id.0);
        let content = Content::CallCode {
            name: invited.invite.name.clone(),
            code: format!("{} {}", &code[..3], &code[3..]),
            until: mail_text::time(expires_at, invited.evening.zone),
            url: self.guest_urls(&invited.invite).0,
        };
        let preview = "It works for 30 minutes, on the device that asked for it.".to_owned();
        Ok(self
            .letter(
                invited.invite.email,
                &invited.invite.name,
                "Your code to join the call".to_owned(),
                preview,
                content,
            )
            .into())
    }

    pub(super) fn guest_link_elsewhere(&self, db: &mut Db) -> Result<LoadedMail> {
        let invited = match self.live_invite(db)? {
            Ok(invited) => invited,
            Err(nothing) => return Ok(LoadedMail::Skip(nothing)),
        };
        let content = Content::LinkElsewhere {
            name: invited.invite.name.clone(),
            guest: invited.invite.name.clone(),
            is_parent: false,
            evening: EveningText::of(&invited.evening),
            url: self.guest_urls(&invited.invite).0,
        };
        let preview = "If that was not you, get a new link.".to_owned();
        Ok(self
            .letter(
                invited.invite.email,
                &invited.invite.name,
                "Your link was used on several devices".to_owned(),
                preview,
                content,
            )
            .into())
    }

    /// The links of all live invites to an address. The mail is sent to the address as an invite
    /// has it, because an address that merely has the same key may belong to someone else.
    pub(super) fn guest_links(&self, db: &mut Db) -> Result<LoadedMail> {
        let request = self.mail.guest_link_request.ok_or(Error::NotFound)?;
        let mut invites = Vec::new();
        for id in mail_content::invites_of_request(db, request)? {
            match guests::open(db, self.mail.school, id, self.now) {
                Ok(_) => {}
                Err(Error::Link(_)) => continue,
                Err(error) => return Err(error),
            }
            let invite = mail_content::invite(db, id)?;
            if self.forbidden(db, &invite)?.is_none() {
                invites.push(invite);
            }
        }
        let Some((to, name)) =
            invites.first().map(|invite| (invite.email.clone(), invite.name.clone()))
        else {
            return Ok(LoadedMail::Skip(NO_ADDRESS));
        };
        let mut links = Vec::new();
        for invite in &invites {
            let (parent, evening) = (
                mail_content::person(db, invite.parent)?.name,
                mail_content::evening(db, invite.evening)?,
            );
            links.push(GuestLink {
                parent,
                evening: EveningText::of(&evening),
                url: self.guest_urls(invite).0,
            });
        }
        let subject = if links.len() == 1 {
            "Your link to join parents’ evening appointments"
        } else {
            "Your links to join parents’ evening appointments"
        };
        let preview = "You asked us to mail it again.".to_owned();
        Ok(self
            .letter(
                to,
                &name,
                subject.to_owned(),
                preview,
                Content::GuestLinks { name: name.clone(), links },
            )
            .into())
    }

    pub(super) fn guest_access_ended(&self, db: &mut Db) -> Result<LoadedMail> {
        let invited = self.invited(db)?;
        if let Some(nothing) = self.forbidden(db, &invited.invite)? {
            return Ok(LoadedMail::Skip(nothing));
        }
        if !mail_content::was_mailed(db, &invited.invite)? {
            return Ok(LoadedMail::Skip(OUTDATED));
        }
        let appointments: Vec<Appointment> = invited
            .calendar_removals(self.now)
            .into_iter()
            .map(Appointment::without_names)
            .collect();
        let invite = invited.invite;
        let mut letter = self.letter(
            invite.email,
            &invite.name,
            "Your access has ended".to_owned(),
            ACCESS_ENDED.to_owned(),
            Content::AccessEnded,
        );
        letter.calendar = with_method(Method::Cancel, appointments).collect();
        Ok(letter.into())
    }

    /// The invite, or the reason why its guest gets no more mail about it.
    fn live_invite(&self, db: &mut Db) -> Result<std::result::Result<Invited, &'static str>> {
        let invited = self.invited(db)?;
        if invited.invite.ended_at.is_some() {
            return Ok(Err(OUTDATED));
        }
        if invited.evening.ends_at + LINK_GRACE <= self.now {
            return Ok(Err(OVER));
        }
        Ok(self.forbidden(db, &invited.invite)?.map_or(Ok(invited), Err))
    }

    fn invited(&self, db: &mut Db) -> Result<Invited> {
        let invite = mail_content::invite(db, self.mail.invite.ok_or(Error::NotFound)?)?;
        let evening = mail_content::evening(db, invite.evening)?;
        let parent = mail_content::person(db, invite.parent)?;
        let is_covered =
            |student: PersonId| invite.students.iter().any(|(covered, _)| *covered == student);
        let mut booked: Vec<BookedAppointment> =
            mail_content::bookings_of(db, evening.id, parent.id)?
                .into_iter()
                .filter(|booked| is_covered(booked.student))
                .collect();
        let ended = mail_content::ended_invites(db, &invite)?;
        for booked in &mut booked {
            booked.appointment.sequence += guest_sequence(
                ended.get(&booked.student).copied().unwrap_or_default(),
                invite.ended_at.is_some(),
            );
        }
        let names: Vec<String> = invite.students.iter().map(|(_, name)| name.clone()).collect();
        Ok(Invited {
            evening,
            parent: parent.name,
            students: mail_text::list(&names),
            booked,
            invite,
        })
    }

    /// The reason why the guest must not be mailed: they are barred or asked for no more mail. The
    /// reason does not reveal that a contact is barred.
    fn forbidden(&self, db: &mut Db, invite: &Invite) -> Result<Option<&'static str>> {
        if mail_content::is_barred_guest(db, self.mail.school, invite)? {
            return Ok(Some(NOT_ALLOWED));
        }
        Ok(mail_content::is_suppressed(db, self.mail.school, invite)?.then_some(SUPPRESSED))
    }

    /// The guest's URL, and the URL for declining; both are the same page, which has the button
    /// "This was not meant for me". The token stands in the fragment after `#`, so that it reaches
    /// no server's log.
    fn guest_urls(&self, invite: &Invite) -> (String, String) {
        let (base, token) =
            (self.base(), self.keys.link_token(Purpose::Guest, invite.id.0, invite.generation));
        let url = format!("{base}guest#t={token}");
        (url.clone(), url)
    }
}

/// The offset of a guest's calendar sequence from the booking's own. The end of an invite removes
/// unchanged appointments from the calendar, and the next invite for the student, perhaps to the
/// same address, adds them again. So each ended invite adds 2, and the last mail of an ended invite
/// uses the number between.
const fn guest_sequence(ended_invites: i32, has_ended: bool) -> i32 {
    let ahead = ended_invites.saturating_mul(2);
    if has_ended && ahead > 0 { ahead - 1 } else { ahead }
}
