//! Webhooks: endpoints, events, the delivery queue and its log. Sends nothing itself.

mod endpoints;
mod events;
mod log;
mod operations;
mod purge;
mod queue;
mod settle;

pub use self::{
    endpoints::{
        Change, Endpoint, OffReason, SECRET_OVERLAP, change, create, delete, find, list, rotate,
    },
    events::{EventType, WebhookEvent, enqueue},
    log::{Attempt, Delivery, DeliveryState, deliveries, delivery, replay, send_test},
    operations::{
        change_webhook, create_webhook, delete_webhook, replay_webhook_delivery,
        rotate_webhook_secret, test_webhook,
    },
    purge::{KEPT_FOR, purge},
    queue::{Claimed, LEASE, SendCapacity, claim, is_due},
    settle::{DeliveryError, FAILING_FOR, Outcome, Verdict, settle},
};
