//! Webhooks: a school's endpoints, what they are told, and the log of it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Moment;

/// What an event is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum WebhookEventType {
    /// An appointment was made.
    #[serde(rename = "booking.created")]
    BookingCreated,
    /// An appointment was moved.
    #[serde(rename = "booking.changed")]
    BookingChanged,
    /// An appointment was cancelled, or ended with its parent's access.
    #[serde(rename = "booking.cancelled")]
    BookingCancelled,
    /// A guest was invited.
    #[serde(rename = "invite.created")]
    InviteCreated,
    /// An invite ended: removed, declined, or with the access that it rested on.
    #[serde(rename = "invite.removed")]
    InviteRemoved,
    /// An evening was added or changed.
    #[serde(rename = "evening.changed")]
    EveningChanged,
    /// A roster import changed something.
    #[serde(rename = "roster.imported")]
    RosterImported,
    /// Staff asked for a test. No endpoint chooses it; each can be sent one.
    #[serde(rename = "webhook.test")]
    WebhookTest,
}

/// `POST /webhooks`: makes an endpoint.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "validate", derive(validator::Validate))]
pub struct NewWebhook {
    /// Where events are sent to.
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 2000)))]
    pub url: String,
    /// Which events.
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 7)))]
    pub event_types: Vec<WebhookEventType>,
}

/// `PATCH /webhooks/{webhook_id}`: what is left out stays as it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "validate", derive(validator::Validate))]
pub struct WebhookChange {
    /// Where events are sent to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 2000)))]
    pub url: Option<String>,
    /// Which events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 7)))]
    pub event_types: Option<Vec<WebhookEventType>>,
    /// Whether it is told anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// Why an endpoint is told nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookOffReason {
    /// Staff switched it off.
    Staff,
    /// It answered 410.
    Gone,
    /// It failed for five days.
    Failing,
}

/// An endpoint.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Webhook {
    /// The endpoint.
    pub id: Uuid,
    /// Where events are sent to.
    pub url: String,
    /// Which events.
    pub event_types: Vec<WebhookEventType>,
    /// Whether it is told anything.
    pub enabled: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub off_reason: Option<WebhookOffReason>,
    /// The first failure since it last took an event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Moment>,
    /// Until when events are signed with the secret before the newest one, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_secret_until: Option<Moment>,
    /// When it was made.
    pub created_at: Moment,
}

/// An endpoint with the secret that it has just got, which is shown this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookWithSecret {
    /// The endpoint.
    pub webhook: Webhook,
    /// What its events are signed with: `whsec_` and base64. Told this once, and not when the
    /// request is repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// Where a delivery stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookDeliveryState {
    /// It is on its way, or waits for another try or for an older event of the same thing.
    Pending,
    /// The endpoint took it.
    Delivered,
    /// It was given up after the last try.
    Failed,
    /// The endpoint was switched off meanwhile.
    Dropped,
}

/// Why an attempt had no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookError {
    /// No answer within 10 seconds.
    Timeout,
    /// The name has no address, nothing listens there, or the certificate is not in order.
    Unreachable,
    /// It leads to an address that is not public.
    AddressNotAllowed,
    /// What came back was no HTTP.
    BrokenAnswer,
}

/// One attempt to deliver.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WebhookAttempt {
    /// When it began.
    pub at: Moment,
    /// The status of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub duration_ms: u32,
    /// Why there was no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<WebhookError>,
}

/// One event on its way to one endpoint.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WebhookDelivery {
    /// The delivery.
    pub id: Uuid,
    /// The event, as `webhook-id` names it: the same at each attempt and at each endpoint.
    pub event_id: Uuid,
    /// What it is about.
    pub event_type: WebhookEventType,
    /// Where it stands.
    pub state: WebhookDeliveryState,
    /// When it happened.
    pub created_at: Moment,
    /// When it is tried next, while it is pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Moment>,
    /// The newest attempts, the last one first.
    pub attempts: Vec<WebhookAttempt>,
}

/// What an endpoint is sent: what happened, when, and the ids of what it happened to. No more is
/// told; who may read it asks the API.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WebhookEvent {
    /// What happened.
    #[serde(rename = "type")]
    pub kind: WebhookEventType,
    /// When.
    pub timestamp: Moment,
    /// To what.
    pub data: WebhookEventData,
}

/// The ids of an event.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct WebhookEventData {
    /// The school.
    pub school_id: Uuid,
    /// The evening.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evening_id: Option<Uuid>,
    /// The booking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booking_id: Option<Uuid>,
    /// The invite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invite_id: Option<Uuid>,
    /// The endpoint, of a test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_id: Option<Uuid>,
}
