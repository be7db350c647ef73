//! Mail: message types, transports, and the worker that sends the outbox. A mail's text is rendered
//! when it is sent and is never stored.

mod content;
mod load;
mod memory;
mod render;
mod retry;
mod smtp;
pub mod worker;

#[cfg(test)]
mod tests;

use futures_util::future::BoxFuture;
use uuid::Uuid;

pub use self::{
    memory::{Failure, MemoryMailer, SentMail},
    smtp::SmtpMailer,
};
use crate::{
    calendar::Method,
    config::{Config, HOST},
};

/// A rendered mail.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// The id of the outbox row. A mail that is sent again after a crash has the same id.
    pub id: Uuid,
    /// The sender's display name: the school's name.
    pub from_name: String,
    /// The sender's address.
    pub from: String,
    /// The recipient's address.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The plain text body.
    pub text: String,
    /// The HTML body.
    pub html: String,
    /// Calendar messages, one for each appointment.
    pub calendar: Vec<CalendarMessage>,
}

/// A calendar message about one appointment. A message holds one entry only (RFC 5546, 3.2.2 and
/// 3.2.5), because some calendars read the first of several entries and drop the rest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CalendarMessage {
    /// The calendar method: add, update or cancel.
    pub method: Method,
    /// The name of the attached file, without a path.
    pub file: String,
    /// The calendar (RFC 5545).
    pub text: String,
}

/// The reason why a mail was not sent.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{reason}")]
pub struct SendError {
    /// True if a retry would fail too.
    pub permanent: bool,
    /// The text shown to a parent: what happened and what to do. Holds no address.
    pub reason: String,
}

/// A transport that sends mails to their recipients.
pub trait Mailer: Send + Sync + 'static {
    /// Sends one mail.
    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<(), SendError>>;
}

/// The base URL of a school's pages, with a trailing slash. It is on the school's own host or on
/// the configured public URL, with the path `/s/{slug}/` where schools are told apart by path, as
/// in demo and development modes.
#[must_use]
pub fn school_base(config: &Config, slug: &str, host: Option<&str>) -> String {
    match host {
        Some(host) if !config.mode.has_dev_tools() => {
            format!("{}/", config.public_url.replace(HOST, host))
        }
        _ if config.school_paths => format!("{}/s/{slug}/", config.public_url),
        _ => format!("{}/", config.public_url),
    }
}

/// Installs the cryptography provider of TLS for the process; later calls do nothing. `main` calls
/// it first.
pub fn install_tls() {
    // An error only says that a provider is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
