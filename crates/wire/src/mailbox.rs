//! The development mailbox, one-click logins and movable time: demo and development modes only.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Moment;

/// A mail in the development mailbox.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DevMail {
    /// The mail.
    pub id: Uuid,
    /// When it was sent.
    pub sent_at: Moment,
    /// To whom.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The plain text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
}

/// `POST /dev/logins`: logs in without a mail.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DevLogin {
    /// As what kind of person.
    #[serde(rename = "as")]
    pub kind: DevActor,
}

/// A kind of person to log in as.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum DevActor {
    Parent,
    Guest,
    Teacher,
    Staff,
}

/// `POST /dev/clock`: makes it another time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DevClockMove {
    /// What time it is from here on; when left out, a minute before the first appointment of the
    /// demo's parent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Moment>,
}

/// The time that a playground goes by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DevClock {
    /// Now.
    pub now: Moment,
}
