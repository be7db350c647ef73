//! Logging in: a mail with a link and a code, a session, and who one is.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Moment;

/// `POST /login_links`: asks for a login mail. Give an address, or the token of a confirmation
/// mail's link that asks for a code.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "validate", derive(validator::Validate))]
pub struct NewLoginLink {
    /// The address that the school knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 400)))]
    pub email: Option<String>,
    /// The token of a confirmation mail's link, instead of an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 200)))]
    pub token: Option<String>,
    /// True, instead of an address: the code is mailed to the address of this browser's session,
    /// which asks for it to become somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<bool>,
}

/// A login mail was asked for. Says nothing about whether the address is known.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LoginLink {
    /// Names the request; the code is given with it.
    pub id: Uuid,
    /// When link and code die.
    pub expires_at: Moment,
}

/// `POST /login_links/preview`: asks what a link would do, without doing it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "validate", derive(validator::Validate))]
pub struct LinkToken {
    /// The token from the link's fragment.
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 200)))]
    pub token: String,
}

/// `POST /guest_links/renew`: names the link, either by its token, or by a booking that this
/// browser's guest session covers.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "validate", derive(validator::Validate))]
pub struct GuestLinkRenewal {
    /// The token from the link's fragment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 200)))]
    pub token: Option<String>,
    /// The booking whose call somebody else has entered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booking_id: Option<Uuid>,
}

/// `POST /guest_links/requests`: asks for a guest's links to be mailed again.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "validate", derive(validator::Validate))]
pub struct NewGuestLinkRequest {
    /// The address to which the invite was mailed.
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 400)))]
    pub email: String,
}

/// What a login link would do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LoginLinkPreview {
    /// Whom it logs in, masked (`R••• A•••`, or the masked address).
    pub masked_name: String,
    /// A code mailed to the person is needed as well, since this browser has not logged in as them
    /// before.
    pub needs_code: bool,
    /// When the link dies.
    pub expires_at: Moment,
}

/// `POST /sessions`: logs in, either with a link's token, or with a request's id and the code from
/// its mail.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "validate", derive(validator::Validate))]
pub struct NewSession {
    /// The token from the link's fragment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 200)))]
    pub token: Option<String>,
    /// The request whose mail held the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_link_id: Option<Uuid>,
    /// The 6 digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 100)))]
    pub code: Option<String>,
}

/// What a person does at the school.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Role {
    Parent,
    Teacher,
    Staff,
}

/// Someone that the session's address may be: one person in one role.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Identity {
    /// The person.
    pub person_id: Uuid,
    /// In this role.
    pub role: Role,
    /// The person's name.
    pub name: String,
    /// The first names of a parent's students, to tell two parents with one address apart.
    pub students: Vec<String>,
}

/// `GET /me`: the session.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Me {
    /// The school.
    pub school: School,
    /// Who one is; absent until chosen, when the address belongs to several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// All that one may be.
    pub identities: Vec<Identity>,
    /// When the session ends by itself.
    pub expires_at: Moment,
}

/// `PUT /me/identity`: chooses who one is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChosenIdentity {
    /// The person.
    pub person_id: Uuid,
    /// In this role.
    pub role: Role,
}

/// The school that the address in the browser belongs to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct School {
    /// The school.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its IANA time zone.
    pub time_zone: String,
    /// This server is a demonstration or a developer's: it has a mailbox to read and one-click
    /// logins.
    pub demo: bool,
    /// The telephone number of its office.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The mail address of its office.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// When the office can be reached, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub office_hours: Option<String>,
}

/// How families reach the school from now on. What is left out stays; an empty text takes it away.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "validate", derive(validator::Validate))]
#[serde(deny_unknown_fields)]
pub struct SchoolChange {
    /// The telephone number of its office.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "validate", validate(length(max = 40)))]
    pub phone: Option<String>,
    /// The mail address of its office.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "validate", validate(length(max = 254)))]
    pub email: Option<String>,
    /// When the office can be reached, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "validate", validate(length(max = 120)))]
    pub office_hours: Option<String>,
}

/// The web app did not start in somebody's browser.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientError {
    /// Why.
    pub kind: ClientErrorKind,
}

/// Why the web app did not start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientErrorKind {
    /// The browser knows no JavaScript modules.
    OldBrowser,
    /// The browser has no WebAssembly, or it is switched off.
    NoWebassembly,
    /// A script could not be fetched or read.
    ScriptFailed,
    /// The WebAssembly could not be fetched, compiled or started.
    WebassemblyFailed,
    /// Nothing failed, and it still has not started after half a minute.
    TooSlow,
}
