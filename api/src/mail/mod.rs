//! Mail: what goes out, through what, and the worker that empties the outbox. A text is made at the
//! moment it is sent and kept nowhere.

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

/// A mail as it goes out.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// The outbox row; a mail that is sent a second time after a crash carries the same.
    pub id: Uuid,
    /// In whose name: the school's.
    pub from_name: String,
    /// From which address.
    pub from: String,
    /// To which address.
    pub to: String,
    /// What it is about.
    pub subject: String,
    /// Its text for reading without HTML.
    pub text: String,
    /// Its text as HTML.
    pub html: String,
    /// Calendar messages, one for each appointment.
    pub calendar: Vec<CalendarMessage>,
}

/// What a recipient's calendar is to do with one appointment. A message is about one entry alone
/// (RFC 5546, 3.2.2 and 3.2.5): of several in one message some calendars take the first and drop
/// the rest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CalendarMessage {
    /// What it asks for.
    pub method: Method,
    /// The file's name, without a path.
    pub file: String,
    /// The calendar (RFC 5545).
    pub text: String,
}

/// Why a mail did not go out.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{reason}")]
pub struct SendError {
    /// Trying again would not help.
    pub permanent: bool,
    /// What a parent is told: what happened and what to do. Names no address.
    pub reason: String,
}

/// Takes mails to their recipients.
pub trait Mailer: Send + Sync + 'static {
    /// Sends one mail.
    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<(), SendError>>;
}

/// Where a school's pages are, with a slash at the end: on its own host, or on the one host of the
/// settings; below its path where that is how schools are told apart, as in demo and development
/// modes.
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

/// Installs the cryptography that TLS goes by, once in a process; `main` calls it first.
pub fn install_tls() {
    // It fails only where one is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
