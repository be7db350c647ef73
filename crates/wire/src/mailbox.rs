//! The development mailbox, one-click logins and movable time; in demo and development modes only.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Moment;

/// A mail in the development mailbox.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DevMail {
    /// The mail.
    pub id: Uuid,
    /// The time when it was sent.
    pub sent_at: Moment,
    /// The recipient's address.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The plain text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
}

/// The request of `POST /dev/logins`, which logs in without a mail.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DevLogin {
    /// The kind of person.
    #[serde(rename = "as")]
    pub kind: DevActor,
}

/// A kind of person to log in as.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub enum DevActor {
    Parent,
    Guest,
    Teacher,
    Staff,
}

/// The request of `POST /dev/clock`, which sets the time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DevClockMove {
    /// The new time; if absent, a minute before the first appointment of the demo's parent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Moment>,
}

/// The current time of a demo or development server.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DevClock {
    /// The current time.
    pub now: Moment,
}
