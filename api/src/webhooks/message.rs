//! A webhook event as it is sent: body, headers and signature. The body holds ids only.

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use hmac::{Hmac, Mac};
use parlour_wire::{WebhookEvent, WebhookEventData};
use sha2::Sha256;
use uuid::Uuid;

use crate::{
    keys::Keys,
    store::webhooks::{Claimed, EventType},
    views,
};

/// A signed event.
pub(super) struct Message {
    /// The header `webhook-id`.
    pub id: String,
    /// The header `webhook-timestamp`: the time of this attempt, in seconds since 1970.
    pub timestamp: String,
    /// The header `webhook-signature`: one signature for each live secret, separated by spaces.
    pub signature: String,
    /// The body of the request.
    pub body: String,
}

impl Message {
    /// The event of a delivery, signed with the time `now`; `None` when the event type is unknown
    /// because another version of the server queued it.
    pub fn new(keys: &Keys, claimed: &Claimed, now: DateTime<Utc>) -> Option<Self> {
        let body = serde_json::to_string(&event(claimed)?).ok()?;
        let (id, timestamp) = (claimed.event.to_string(), now.timestamp().to_string());
        let sign = |secret: &Uuid| signed(&keys.webhook_secret(*secret), &id, &timestamp, &body);
        let signature = claimed.secrets.iter().map(sign).collect::<Vec<_>>().join(" ");
        Some(Self { id, timestamp, signature, body })
    }
}

/// A secret in the form in which its owner gets it.
#[must_use]
pub fn secret_text(keys: &Keys, secret: Uuid) -> String {
    format!("whsec_{}", BASE64_STANDARD.encode(keys.webhook_secret(secret)))
}

fn event(claimed: &Claimed) -> Option<WebhookEvent> {
    let kind = EventType::parse(&claimed.event_type)?;
    let data = WebhookEventData {
        school_id: claimed.school.0,
        evening_id: claimed.evening,
        ..WebhookEventData::default()
    };
    let data = match kind {
        EventType::BookingCreated | EventType::BookingChanged | EventType::BookingCancelled => {
            WebhookEventData { booking_id: Some(claimed.subject), ..data }
        }
        EventType::InviteCreated | EventType::InviteRemoved => {
            WebhookEventData { invite_id: Some(claimed.subject), ..data }
        }
        // The subject is the evening. The event of a deleted draft has no other evening id.
        EventType::EveningChanged => WebhookEventData { evening_id: Some(claimed.subject), ..data },
        EventType::RosterImported => data,
        EventType::Test => WebhookEventData { webhook_id: Some(claimed.webhook.0), ..data },
    };
    let zone: Tz = claimed.time_zone.parse().unwrap_or(Tz::UTC);
    Some(WebhookEvent {
        kind: views::webhooks::event_type(kind),
        timestamp: views::moment(claimed.created_at, zone),
        data,
    })
}

/// The signature: `v1,` and the HMAC-SHA-256 of `id.timestamp.body` (Standard Webhooks, "Signature
/// scheme").
fn signed(secret: &[u8], id: &str, timestamp: &str, body: &str) -> String {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length (RFC 2104)")]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("a key of any length");
    for part in [id, ".", timestamp, ".", body] {
        mac.update(part.as_bytes());
    }
    format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signature_matches_the_specification_example() {
        // The example that the specification's libraries for other languages are tested with.
        let secret = BASE64_STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = signed(
            &secret,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "1614265330",
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
