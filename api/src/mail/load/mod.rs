//! Loads the content of an outbox row's mail, or the reason why it must not be sent any more.

mod guest;
mod parent;

use chrono::{DateTime, Utc};
use parlour_domain::id::LoginLinkId;

use super::{
    content::{Content, Letter},
    school_base,
};
use crate::{
    config::Config,
    keys::{Keys, Purpose},
    mail_text,
    store::{
        Db, Error, Result,
        mail_content::{self, Person, School},
        outbox::{NewMail, Template},
    },
};

/// The one text for everybody who loses access (I13).
pub const ACCESS_ENDED: &str =
    "Your access to this appointment has ended. Please contact the school.";

/// The result of loading a row.
pub enum LoadedMail {
    /// Send this letter.
    Letter(Box<Letter>),
    /// Send nothing. The reason may be shown to people and names nobody.
    Skip(&'static str),
}

impl From<Letter> for LoadedMail {
    fn from(letter: Letter) -> Self {
        Self::Letter(Box::new(letter))
    }
}

pub const OVER: &str = "The evening is over.";
pub const NO_ADDRESS: &str = "There is no address to send it to. Please ask the school.";
pub const NOT_ALLOWED: &str = "This can’t be mailed. Please ask the school.";
pub const OUTDATED: &str = "It was out of date before it could be sent.";

/// The inputs from which a letter is built.
pub struct LetterBuilder<'a> {
    pub keys: &'a Keys,
    pub config: &'a Config,
    pub now: DateTime<Utc>,
    pub school: School,
    pub mail: NewMail,
    pub queued_at: DateTime<Utc>,
}

/// Loads the content of a mail.
pub fn load(
    db: &mut Db,
    keys: &Keys,
    config: &Config,
    now: DateTime<Utc>,
    mail: NewMail,
    queued_at: DateTime<Utc>,
) -> Result<LoadedMail> {
    let school = mail_content::school(db, mail.school)?;
    let builder = LetterBuilder { keys, config, now, school, mail, queued_at };
    match mail.template {
        Template::Login => builder.login(db),
        Template::BookingsMade => builder.bookings_made(db),
        Template::BookingChanged => builder.booking_changed(db),
        Template::BookingCancelled => builder.booking_cancelled(db),
        Template::Invite => builder.invite(db),
        Template::GuestUpdate => builder.guest_update(db),
        Template::InviteRemoved => builder.invite_removed(db),
        Template::InviteDeclined => builder.invite_declined(db),
        Template::AccessEnded if mail.invite.is_some() => builder.guest_access_ended(db),
        Template::AccessEnded => builder.parent_access_ended(db),
        Template::StaffAlert => builder.staff_alert(db),
        Template::AddressChanged => builder.address_changed(db),
        Template::CallCode => builder.call_code(db),
        Template::LinkElsewhere if mail.person.is_some() => builder.parent_link_elsewhere(db),
        Template::LinkElsewhere => builder.guest_link_elsewhere(db),
        Template::GuestLinks => builder.guest_links(db),
    }
}

impl LetterBuilder<'_> {
    fn base(&self) -> String {
        school_base(self.config, &self.school.slug, self.school.host.as_deref())
    }

    fn login_url(&self, link: LoginLinkId) -> String {
        format!("{}login#t={}", self.base(), self.keys.link_token(Purpose::Login, link.0, 0))
    }

    fn letter(
        &self,
        to: String,
        to_name: &str,
        subject: String,
        preview: String,
        content: Content,
    ) -> Letter {
        Letter {
            school: self.school.clone(),
            to,
            to_name: to_name.to_owned(),
            subject,
            preview,
            content,
            calendar: Vec::new(),
        }
    }

    /// The login mail with link and code. It is sent to the address as the roster has it, because
    /// an address that merely has the same key may belong to someone else.
    fn login(&self, db: &mut Db) -> Result<LoadedMail> {
        let id = self.mail.login_link.ok_or(Error::NotFound)?;
        let link = mail_content::login_link(db, id)?;
        if link.is_used || link.expires_at <= self.now {
            return Ok(LoadedMail::Skip(OUTDATED));
        }
        let mut known = Vec::new();
        for person in mail_content::people_at(db, self.mail.school, &link.email_key)? {
            if link.person.is_none_or(|wanted| wanted == person.id)
                && self.may_log_in(db, &person)?
            {
                known.push(person);
            }
        }
        let Some(to) = known.iter().find_map(|person| person.email.clone()) else {
            return Ok(LoadedMail::Skip(NO_ADDRESS));
        };
        let name = match known.as_slice() {
            [one] => Some(one.name.clone()),
            _ => None,
        };
        let code = self.keys.code(id.0);
        let code = format!("{} {}", &code[..3], &code[3..]);
        let content = Content::Login {
            name: name.clone(),
            code,
            url: self.login_url(id),
            until: mail_text::time(link.expires_at, self.school.zone),
        };
        let preview = "They work once, and for 30 minutes.".to_owned();
        Ok(self
            .letter(
                to,
                name.as_deref().unwrap_or_default(),
                "Your link and code to log in".to_owned(),
                preview,
                content,
            )
            .into())
    }

    fn may_log_in(&self, db: &mut Db, person: &Person) -> Result<bool> {
        Ok(person.is_teacher
            || person.is_staff
            || mail_content::may_be_parent(db, self.mail.school, person)?)
    }

    /// The notice of a changed address, sent to the person's previous address.
    fn address_changed(&self, db: &mut Db) -> Result<LoadedMail> {
        let person = mail_content::person(db, self.mail.person.ok_or(Error::NotFound)?)?;
        let Some(to) = mail_content::old_address(db, person.id, self.queued_at)? else {
            return Ok(LoadedMail::Skip(OUTDATED));
        };
        let subject = "Your address at the school was changed".to_owned();
        let preview = "If you know nothing of this, tell the school at once.".to_owned();
        Ok(self
            .letter(
                to,
                &person.name,
                subject,
                preview,
                Content::AddressChanged { name: person.name.clone() },
            )
            .into())
    }

    fn staff_alert(&self, db: &mut Db) -> Result<LoadedMail> {
        let person = mail_content::person(db, self.mail.person.ok_or(Error::NotFound)?)?;
        let Some(to) = person.email.clone().filter(|_| person.is_staff && !person.is_removed)
        else {
            return Ok(LoadedMail::Skip(NO_ADDRESS));
        };
        let alerts = mail_content::alerts(db, self.mail.school, self.queued_at)?;
        let preview = alerts.first().map(|alert| mail_text::clean(alert)).unwrap_or_default();
        let content = Content::StaffAlert {
            name: person.name.clone(),
            alerts,
            url: format!("{}staff", self.base()),
        };
        Ok(self
            .letter(
                to,
                &person.name,
                "Please have a look: something at a parents’ evening needs you".to_owned(),
                preview,
                content,
            )
            .into())
    }
}
