//! Conversion of webhook endpoints and their delivery log.

use chrono_tz::Tz;
use parlour_wire as wire;

use super::moment;
use crate::store::webhooks::{
    Attempt, Delivery, DeliveryError, DeliveryState, Endpoint, EventType, OffReason,
};

/// An endpoint.
#[must_use]
pub fn webhook(of: &Endpoint, zone: Tz) -> wire::Webhook {
    wire::Webhook {
        id: of.id.0,
        url: of.url.clone(),
        event_types: of.event_types.iter().copied().map(event_type).collect(),
        enabled: of.off.is_none(),
        off_reason: of.off.map(|reason| match reason {
            OffReason::Staff => wire::WebhookOffReason::Staff,
            OffReason::Gone => wire::WebhookOffReason::Gone,
            OffReason::Failing => wire::WebhookOffReason::Failing,
        }),
        failing_since: of.failing_since.map(|since| moment(since, zone)),
        old_secret_until: of.old_secret_until.map(|until| moment(until, zone)),
        created_at: moment(of.created_at, zone),
    }
}

/// A delivery with its attempts.
#[must_use]
pub fn delivery(of: &Delivery, zone: Tz) -> wire::WebhookDelivery {
    wire::WebhookDelivery {
        id: of.id.0,
        event_id: of.event,
        event_type: event_type(of.kind),
        state: match of.state {
            DeliveryState::Pending => wire::WebhookDeliveryState::Pending,
            DeliveryState::Delivered => wire::WebhookDeliveryState::Delivered,
            DeliveryState::Failed => wire::WebhookDeliveryState::Failed,
            DeliveryState::Dropped => wire::WebhookDeliveryState::Dropped,
        },
        created_at: moment(of.created_at, zone),
        due_at: of.due_at.map(|due_at| moment(due_at, zone)),
        attempts: of.attempts.iter().map(|one| attempt(one, zone)).collect(),
    }
}

fn attempt(of: &Attempt, zone: Tz) -> wire::WebhookAttempt {
    wire::WebhookAttempt {
        at: moment(of.at, zone),
        status: of.status,
        duration_ms: of.duration_ms,
        error: of.error.map(|error| match error {
            DeliveryError::Timeout => wire::WebhookError::Timeout,
            DeliveryError::Unreachable => wire::WebhookError::Unreachable,
            DeliveryError::AddressNotAllowed => wire::WebhookError::AddressNotAllowed,
            DeliveryError::Broken => wire::WebhookError::BrokenAnswer,
        }),
    }
}

/// The type of an event.
#[must_use]
pub const fn event_type(of: EventType) -> wire::WebhookEventType {
    match of {
        EventType::BookingCreated => wire::WebhookEventType::BookingCreated,
        EventType::BookingChanged => wire::WebhookEventType::BookingChanged,
        EventType::BookingCancelled => wire::WebhookEventType::BookingCancelled,
        EventType::InviteCreated => wire::WebhookEventType::InviteCreated,
        EventType::InviteRemoved => wire::WebhookEventType::InviteRemoved,
        EventType::EveningChanged => wire::WebhookEventType::EveningChanged,
        EventType::RosterImported => wire::WebhookEventType::RosterImported,
        EventType::Test => wire::WebhookEventType::WebhookTest,
    }
}

/// The event type that an endpoint subscribes to; `None` for the test event, which can't be
/// subscribed to.
#[must_use]
pub const fn chosen_type(given: wire::WebhookEventType) -> Option<EventType> {
    match given {
        wire::WebhookEventType::BookingCreated => Some(EventType::BookingCreated),
        wire::WebhookEventType::BookingChanged => Some(EventType::BookingChanged),
        wire::WebhookEventType::BookingCancelled => Some(EventType::BookingCancelled),
        wire::WebhookEventType::InviteCreated => Some(EventType::InviteCreated),
        wire::WebhookEventType::InviteRemoved => Some(EventType::InviteRemoved),
        wire::WebhookEventType::EveningChanged => Some(EventType::EveningChanged),
        wire::WebhookEventType::RosterImported => Some(EventType::RosterImported),
        wire::WebhookEventType::WebhookTest => None,
    }
}
