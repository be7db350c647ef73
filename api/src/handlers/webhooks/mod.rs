//! Operations on webhooks, for staff: endpoints, their secrets and their delivery log.

mod change_webhook;
mod create_webhook;
mod delete_webhook;
mod get_webhook;
mod list_webhook_deliveries;
mod list_webhooks;
mod replay_webhook_delivery;
mod rotate_webhook_secret;
mod test_webhook;

use chrono_tz::Tz;
use parlour_wire::{WebhookEventType, WebhookWithSecret};
use uuid::Uuid;

pub use self::{
    change_webhook::change_webhook, create_webhook::create_webhook, delete_webhook::delete_webhook,
    get_webhook::get_webhook, list_webhook_deliveries::list_webhook_deliveries,
    list_webhooks::list_webhooks, replay_webhook_delivery::replay_webhook_delivery,
    rotate_webhook_secret::rotate_webhook_secret, test_webhook::test_webhook,
};
use crate::{
    app::App,
    problem::{ApiError, ApiResult},
    store::webhooks::{Endpoint, EventType},
    views,
    webhooks::secret_text,
};

/// An endpoint with the secret that was made for it, if this request made one.
fn with_secret(
    app: &App,
    endpoint: &Endpoint,
    secret: Option<Uuid>,
    zone: Tz,
) -> WebhookWithSecret {
    WebhookWithSecret {
        webhook: views::webhooks::webhook(endpoint, zone),
        secret: secret.map(|secret| secret_text(&app.keys, secret)),
    }
}

/// Parses the event types of a request. Each may be given once.
fn chosen_types(given: &[WebhookEventType]) -> ApiResult<Vec<EventType>> {
    let mut chosen: Vec<EventType> = Vec::with_capacity(given.len());
    for one in given {
        let one = views::webhooks::chosen_type(*one).ok_or_else(|| {
            ApiError::field("event_types", "unknown", "webhook.test is sent on request alone.")
        })?;
        if chosen.contains(&one) {
            return Err(ApiError::field("event_types", "duplicate", "Name each event once."));
        }
        chosen.push(one);
    }
    Ok(chosen)
}
