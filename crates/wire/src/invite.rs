//! Invites.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Moment, Student};

/// The request of `POST /evenings/{id}/invites`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "validate", derive(validator::Validate))]
pub struct NewInvite {
    /// The guest's name.
    #[cfg_attr(feature = "validate", validate(length(max = 400)))]
    pub name: String,
    /// The address that the link is sent to.
    #[cfg_attr(feature = "validate", validate(length(max = 400)))]
    pub email: String,
    /// The students to be covered. Optional if only one can be chosen.
    #[serde(default)]
    #[cfg_attr(feature = "validate", validate(length(max = 50)))]
    pub student_ids: Vec<Uuid>,
    /// "I agree that this person is given access to the information used to make these
    /// appointments." Must be true.
    #[serde(default)]
    pub consent: bool,
    /// Channel of the parent's consent, if staff invite for a parent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent_record: Option<ConsentChannel>,
}

/// Channel by which staff got a parent's consent to the invite.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub enum ConsentChannel {
    InPerson,
    Phone,
    Email,
    Letter,
}

/// The state of an invite.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InviteState {
    /// The mail waits to be sent.
    Queued,
    /// The guest's mail server accepted the mail.
    Sent,
    /// The mail could not be delivered; `failure` gives the reason.
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
    /// The state of the invite.
    pub state: InviteState,
    /// The time when it entered this state.
    pub state_at: Moment,
    /// The reason why the mail failed and what to do, if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// The time when it was first sent.
    pub created_at: Moment,
    /// The earliest time at which it may be mailed again.
    pub resend_after: Moment,
}

/// A student in the invite form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InvitableStudent {
    /// The student.
    pub student: Student,
    /// They already have a live invite: shown, but can't be chosen.
    pub invited: bool,
    /// Their appointments with this parent, in words, for example `16:00 Science, Mrs Anita
    /// Abell`.
    pub appointments: Vec<String>,
}

/// The response of `GET /evenings/{id}/invites`, for the Manage Invites dialog.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Invites {
    /// The live invites, newest last.
    pub items: Vec<Invite>,
    /// The students linked to the parent and involved in the evening.
    pub students: Vec<InvitableStudent>,
    /// Another invite can be sent.
    pub can_invite: bool,
    /// The code of the reason if no other invite can be sent, such as `invite_exists`,
    /// `no_appointment`, `invite_limit`, `evening_over`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// The same reason in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal_detail: Option<String>,
    /// The consent text that the parent must tick.
    pub consent_text: String,
}
