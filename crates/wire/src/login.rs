//! Login: a mail with a link and a code, the session, and its identities.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Moment;

/// The request of `POST /login_links`, which asks for a login mail. It contains an address, or the
/// token of a confirmation mail's link that needs a code.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "validate", derive(validator::Validate))]
pub struct NewLoginLink {
    /// An address that the school's roster contains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 400)))]
    pub email: Option<String>,
    /// The token of a confirmation mail's link, instead of an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 200)))]
    pub token: Option<String>,
    /// True, instead of an address: the code is mailed to the address of this browser's session,
    /// which needs the code to switch to another identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<bool>,
}

/// The response to a request for a login mail. It does not reveal whether the address is known.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LoginLink {
    /// The id of the request; needed together with the code.
    pub id: Uuid,
    /// The expiry of link and code.
    pub expires_at: Moment,
}

/// The request of `POST /login_links/preview`, which shows the effect of a link without logging in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "validate", derive(validator::Validate))]
pub struct LinkToken {
    /// The token in the link's fragment.
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 200)))]
    pub token: String,
}

/// The request of `POST /guest_links/renew`: it names the link by its token, or by a booking that
/// this browser's guest session covers.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "validate", derive(validator::Validate))]
pub struct GuestLinkRenewal {
    /// The token in the link's fragment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 200)))]
    pub token: Option<String>,
    /// The booking whose call somebody else has entered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booking_id: Option<Uuid>,
}

/// The request of `POST /guest_links/requests`, which asks to mail a guest's links again.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "validate", derive(validator::Validate))]
pub struct NewGuestLinkRequest {
    /// The address to which the invite was mailed.
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 400)))]
    pub email: String,
}

/// The effect of a login link.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LoginLinkPreview {
    /// The masked name (`R••• A•••`) or masked address of the person whom the link logs in.
    pub masked_name: String,
    /// A code mailed to the person is needed as well because this browser has not logged in as
    /// that person before.
    pub needs_code: bool,
    /// The expiry of the link.
    pub expires_at: Moment,
}

/// The request of `POST /sessions`, which logs in with a link's token, or with a request's id and
/// the code in its mail.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "validate", derive(validator::Validate))]
pub struct NewSession {
    /// The token in the link's fragment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 200)))]
    pub token: Option<String>,
    /// The request whose mail contained the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_link_id: Option<Uuid>,
    /// The 6-digit code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 100)))]
    pub code: Option<String>,
}

/// The role of a person at the school.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub enum Role {
    Parent,
    Teacher,
    Staff,
}

/// An identity that the session's address can take: one person in one role.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Identity {
    /// The person.
    pub person_id: Uuid,
    /// Their role.
    pub role: Role,
    /// The person's name.
    pub name: String,
    /// The first names of a parent's students, to tell two parents with one address apart.
    pub students: Vec<String>,
}

/// The response of `GET /me`: the session.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Me {
    /// The school.
    pub school: School,
    /// The current identity; absent until one is chosen, if the address has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// All identities of the address.
    pub identities: Vec<Identity>,
    /// The expiry of the session.
    pub expires_at: Moment,
}

/// The request of `PUT /me/identity`, which chooses an identity.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChosenIdentity {
    /// The person.
    pub person_id: Uuid,
    /// Their role.
    pub role: Role,
}

/// The school whose address the browser shows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct School {
    /// The school.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its IANA time zone.
    pub time_zone: String,
    /// The server runs in a demo or development mode, with a mailbox to read and one-click logins.
    pub demo: bool,
    /// The telephone number of its office.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The mail address of its office.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The hours in which the office can be reached, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub office_hours: Option<String>,
}

/// New contact details of the school for families. Absent fields stay; an empty text clears a
/// field.
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
    /// The hours in which the office can be reached, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "validate", validate(length(max = 120)))]
    pub office_hours: Option<String>,
}

/// A report that the web app did not start in a browser.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientError {
    /// The reason.
    pub kind: ClientErrorKind,
}

/// The reason why the web app did not start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientErrorKind {
    /// The browser does not support JavaScript modules.
    OldBrowser,
    /// The browser has no WebAssembly, or has it switched off.
    NoWebassembly,
    /// A script could not be fetched or parsed.
    ScriptFailed,
    /// The WebAssembly could not be fetched, compiled or started.
    WebassemblyFailed,
    /// Nothing failed, but the app has not started within half a minute.
    TooSlow,
}
