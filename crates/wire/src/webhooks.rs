//! Webhooks: a school's endpoints, their events, and their delivery log.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Moment;

/// The type of an event.
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
    /// An invite ended: it was removed or declined, or the access that it depends on ended.
    #[serde(rename = "invite.removed")]
    InviteRemoved,
    /// An evening was added or changed.
    #[serde(rename = "evening.changed")]
    EveningChanged,
    /// A roster import changed something.
    #[serde(rename = "roster.imported")]
    RosterImported,
    /// Staff requested a test. No endpoint subscribes to it; each can be sent one.
    #[serde(rename = "webhook.test")]
    WebhookTest,
}

/// The request of `POST /webhooks`, which creates an endpoint.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "validate", derive(validator::Validate))]
pub struct NewWebhook {
    /// The URL that events are sent to.
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 2000)))]
    pub url: String,
    /// The subscribed events.
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 7)))]
    pub event_types: Vec<WebhookEventType>,
}

/// The request of `PATCH /webhooks/{webhook_id}`; absent fields stay unchanged.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "validate", derive(validator::Validate))]
pub struct WebhookChange {
    /// The URL that events are sent to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 2000)))]
    pub url: Option<String>,
    /// The subscribed events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 7)))]
    pub event_types: Option<Vec<WebhookEventType>>,
    /// True if events are sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// The reason why an endpoint is disabled.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookOffReason {
    /// Staff switched it off.
    Staff,
    /// It responded with 410.
    Gone,
    /// Deliveries failed for five days.
    Failing,
}

/// An endpoint.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Webhook {
    /// The endpoint.
    pub id: Uuid,
    /// The URL that events are sent to.
    pub url: String,
    /// The subscribed events.
    pub event_types: Vec<WebhookEventType>,
    /// True if events are sent.
    pub enabled: bool,
    /// The reason why it is disabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub off_reason: Option<WebhookOffReason>,
    /// The first failure since the last successful delivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Moment>,
    /// The time until which events are also signed with the previous secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_secret_until: Option<Moment>,
    /// The time of its creation.
    pub created_at: Moment,
}

/// An endpoint with its new secret; only this response contains the secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookWithSecret {
    /// The endpoint.
    pub webhook: Webhook,
    /// The secret that signs its events: `whsec_` and base64. Only the first response contains it,
    /// not the response to a repeated request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// The state of a delivery.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookDeliveryState {
    /// It is being sent, or waits for a retry or for an older event of the same object.
    Pending,
    /// The endpoint accepted it.
    Delivered,
    /// The last retry failed.
    Failed,
    /// The endpoint was disabled in the meantime.
    Dropped,
}

/// The reason why an attempt got no response.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookError {
    /// There was no response within 10 seconds.
    Timeout,
    /// The host name does not resolve, the connection failed, or the certificate is invalid.
    Unreachable,
    /// The URL leads to an address that is not public.
    AddressNotAllowed,
    /// The response was not valid HTTP.
    BrokenAnswer,
}

/// An attempt to deliver an event.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WebhookAttempt {
    /// Time when it began.
    pub at: Moment,
    /// The HTTP status of the response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Its duration, in milliseconds.
    pub duration_ms: u32,
    /// The reason why there was no response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<WebhookError>,
}

/// The delivery of one event to one endpoint.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WebhookDelivery {
    /// The delivery.
    pub id: Uuid,
    /// The event, as in the header `webhook-id`: the same at each attempt and for each endpoint.
    pub event_id: Uuid,
    /// The type of the event.
    pub event_type: WebhookEventType,
    /// The state of the delivery.
    pub state: WebhookDeliveryState,
    /// The time of the event.
    pub created_at: Moment,
    /// The time of the next attempt, while it is pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Moment>,
    /// The latest attempts, newest first.
    pub attempts: Vec<WebhookAttempt>,
}

/// The payload that an endpoint receives: event type, time, and the ids of the affected objects.
/// Nothing else is sent; an API client with the right scope can read the objects from the API.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WebhookEvent {
    /// The type of the event.
    #[serde(rename = "type")]
    pub kind: WebhookEventType,
    /// The time of the event.
    pub timestamp: Moment,
    /// The ids of the affected objects.
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
    /// The endpoint, for a test event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_id: Option<Uuid>,
}
