//! JSON of webhooks: endpoints and their delivery log, for the staff's page.

use super::{FromJson, JsonValue, ToJson, read_field, write_field};
use crate::{
    NewWebhook, Webhook, WebhookAttempt, WebhookChange, WebhookDelivery, WebhookDeliveryState,
    WebhookError, WebhookEventType, WebhookOffReason, WebhookWithSecret,
};

impl_from_json! {
    Webhook {
        id,
        url,
        event_types,
        enabled,
        off_reason,
        failing_since,
        old_secret_until,
        created_at
    }
    WebhookAttempt { at, status, duration_ms, error }
    WebhookDelivery { id, event_id, event_type, state, created_at, due_at, attempts }
    WebhookWithSecret { webhook, secret }
}

impl_to_json! {
    NewWebhook { url, event_types }
    WebhookChange { url, event_types, enabled }
}

impl_enum_json! {
    WebhookDeliveryState {
        Pending = "pending",
        Delivered = "delivered",
        Failed = "failed",
        Dropped = "dropped"
    }
    WebhookError {
        Timeout = "timeout",
        Unreachable = "unreachable",
        AddressNotAllowed = "address_not_allowed",
        BrokenAnswer = "broken_answer"
    }
    WebhookEventType {
        BookingCreated = "booking.created", BookingChanged = "booking.changed",
        BookingCancelled = "booking.cancelled", InviteCreated = "invite.created",
        InviteRemoved = "invite.removed", EveningChanged = "evening.changed",
        RosterImported = "roster.imported", WebhookTest = "webhook.test"
    }
    WebhookOffReason { Staff = "staff", Gone = "gone", Failing = "failing" }
}
