//! The contract's operations on webhooks, each in one transaction and under its operation's name.

use parlour_domain::id::{DeliveryId, PersonId, SchoolId, WebhookId};
use serde::Serialize;
use uuid::Uuid;

use super::{
    Change, Delivery, Endpoint, EventType, change, create, delete, find, replay, rotate, send_test,
};
use crate::{
    context::Context,
    store::{
        Db, Result,
        idempotency::{RequestKey, Response, with_idempotency_key},
        locks::LockRank,
        version::ExpectedVersion,
    },
};

/// Creates an endpoint and answers with the row of its secret; a retry of `request` gets no secret.
///
/// # Errors
/// Those of [`create`]; [`Error::KeyReused`](crate::store::Error::KeyReused).
pub fn create_webhook(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    staff: PersonId,
    url: &str,
    types: &[EventType],
    request: Option<&RequestKey>,
) -> Result<(Endpoint, Option<Uuid>)> {
    let made =
        with_idempotency_key(db, ctx, request, |db| create(db, ctx, school, staff, url, types))?;
    Ok((find(db, ctx, school, WebhookId(made.of))?, made.secret))
}

/// Creates a new secret and answers with its row; a retry of `request` gets no secret.
///
/// # Errors
/// Those of [`rotate`]; [`Error::KeyReused`](crate::store::Error::KeyReused).
pub fn rotate_webhook_secret(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    staff: PersonId,
    webhook: WebhookId,
    request: Option<&RequestKey>,
) -> Result<(Endpoint, Option<Uuid>)> {
    let made =
        with_idempotency_key(db, ctx, request, |db| rotate(db, ctx, school, staff, webhook))?;
    Ok((find(db, ctx, school, webhook)?, made.secret))
}

/// Changes an endpoint.
///
/// # Errors
/// Those of [`change`]; [`Error::Changed`](crate::store::Error::Changed).
pub fn change_webhook(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    staff: PersonId,
    webhook: WebhookId,
    expected: &ExpectedVersion<Endpoint>,
    to: &Change,
) -> Result<Endpoint> {
    expected.check(db, LockRank::Webhook, webhook, |db| find(db, ctx, school, webhook))?;
    change(db, ctx, school, staff, webhook, to)
}

/// Deletes an endpoint.
///
/// # Errors
/// Those of [`delete`]; [`Error::Changed`](crate::store::Error::Changed).
pub fn delete_webhook(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    staff: PersonId,
    webhook: WebhookId,
    expected: &ExpectedVersion<Endpoint>,
) -> Result<()> {
    expected.check(db, LockRank::Webhook, webhook, |db| find(db, ctx, school, webhook))?;
    delete(db, ctx, school, staff, webhook)
}

/// Enqueues a test event. The response that `view` makes is stored for retries of `request`.
///
/// # Errors
/// Those of [`send_test`]; [`Error::KeyReused`](crate::store::Error::KeyReused).
pub fn test_webhook<T: Serialize>(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    webhook: WebhookId,
    request: Option<&RequestKey>,
    view: impl Fn(&Delivery) -> T,
) -> Result<Response> {
    with_idempotency_key(db, ctx, request, |db| {
        Response::accepted(&view(&send_test(db, ctx, school, webhook)?))
    })
}

/// Enqueues a delivery again. The response that `view` makes is stored for retries of `request`.
///
/// # Errors
/// Those of [`replay`]; [`Error::KeyReused`](crate::store::Error::KeyReused).
pub fn replay_webhook_delivery<T: Serialize>(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    (webhook, delivery): (WebhookId, DeliveryId),
    request: Option<&RequestKey>,
    view: impl Fn(&Delivery) -> T,
) -> Result<Response> {
    with_idempotency_key(db, ctx, request, |db| {
        Response::accepted(&view(&replay(db, ctx, school, webhook, delivery)?))
    })
}
