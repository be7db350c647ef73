//! Invites.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Moment, Student};

/// `POST /evenings/{id}/invites`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "validate", derive(validator::Validate))]
pub struct NewInvite {
    /// The guest's name.
    #[cfg_attr(feature = "validate", validate(length(max = 400)))]
    pub name: String,
    /// Where the link goes.
    #[cfg_attr(feature = "validate", validate(length(max = 400)))]
    pub email: String,
    /// The students to be covered. May be left out when only one can be chosen.
    #[serde(default)]
    #[cfg_attr(feature = "validate", validate(length(max = 50)))]
    pub student_ids: Vec<Uuid>,
    /// "I agree that this person is given access to the information used to make these
    /// appointments." Must be true.
    #[serde(default)]
    pub consent: bool,
    /// Staff who invite for a parent: how the parent agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent_record: Option<ConsentChannel>,
}

/// How a parent's consent reached the staff.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum ConsentChannel {
    InPerson,
    Phone,
    Email,
    Letter,
}

/// Where an invite stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InviteState {
    /// The mail is on its way out.
    Queued,
    /// The guest's mail server took it.
    Sent,
    /// It could not be delivered; `failure` says why.
    Failed,
    /// The guest pressed the button on the link's page.
    Opened,
    /// The guest sat in a call.
    Joined,
}

/// An invite.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Invite {
    /// The invite.
    pub id: Uuid,
    /// The evening.
    pub evening_id: Uuid,
    /// The guest's name.
    pub name: String,
    /// The guest's address.
    pub email: String,
    /// The students covered.
    pub students: Vec<Student>,
    /// Where it stands.
    pub state: InviteState,
    /// Since when.
    pub state_at: Moment,
    /// Why the mail failed and what to do, when it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// When it was sent first.
    pub created_at: Moment,
    /// From when on it may be mailed again.
    pub resend_after: Moment,
}

/// A student in the invite form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InvitableStudent {
    /// The student.
    pub student: Student,
    /// They have a live invite already: shown, not to be chosen.
    pub invited: bool,
    /// Their appointments with this parent, in words: `16:00 Science, Mrs Anita Abell`.
    pub appointments: Vec<String>,
}

/// `GET /evenings/{id}/invites`: the Manage Invites dialog.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Invites {
    /// The live invites, newest last.
    pub items: Vec<Invite>,
    /// The students linked to the parent and involved in the evening.
    pub students: Vec<InvitableStudent>,
    /// Another invite can be sent.
    pub can_invite: bool,
    /// Why not, when it can't: a code such as `invite_exists`, `no_appointment`, `invite_limit`,
    /// `evening_over`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// The same in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal_detail: Option<String>,
    /// The consent to be ticked.
    pub consent_text: String,
}
