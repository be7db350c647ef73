//! Webhook endpoints and the rows of their secrets.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use parlour_domain::{
    Refusal,
    id::{PersonId, SchoolId, WebhookId},
};
use uuid::Uuid;

use super::events::EventType;
use crate::{
    context::Context,
    schema::{webhook_deliveries, webhook_secrets, webhooks},
    store::{
        Db, Error, Result, events,
        idempotency::WithSecret,
        locks::{LockRank, lock_row},
        sql_types::{At, Key, at, key},
    },
};

/// For how long events are also signed with the old secret after a rotation.
pub const SECRET_OVERLAP: TimeDelta = TimeDelta::hours(24);

/// Maximum number of endpoints of a school. An event writes a row for each that wants its type.
const MAX_ENDPOINTS: i64 = 10;

#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = webhooks)]
struct Row {
    id: Key,
    school_id: Key,
    url: String,
    event_types: String,
    enabled: bool,
    off_reason: Option<String>,
    failing_since: Option<At>,
    created_by: Key,
    created_at: At,
}

/// Why an endpoint is switched off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OffReason {
    /// Staff switched it off.
    Staff,
    /// It responded with 410.
    Gone,
    /// It failed for too long.
    Failing,
}

impl OffReason {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Staff => "staff",
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }

    fn parse(text: &str) -> Self {
        match text {
            "gone" => Self::Gone,
            "failing" => Self::Failing,
            _ => Self::Staff,
        }
    }
}

/// An endpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoint {
    /// The endpoint's id.
    pub id: WebhookId,
    /// The URL that events are sent to.
    pub url: String,
    /// The events that are sent to it.
    pub event_types: Vec<EventType>,
    /// Why it is switched off; `None` while it is on.
    pub off: Option<OffReason>,
    /// The time of the first failure since the last delivery.
    pub failing_since: Option<DateTime<Utc>>,
    /// Time when the previous secret expires; `None` if there is none.
    pub old_secret_until: Option<DateTime<Utc>>,
    /// Time when it was created.
    pub created_at: DateTime<Utc>,
}

/// A change of an endpoint; `None` leaves a value as it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// The URL that events are sent to.
    pub url: Option<String>,
    /// The events that are sent to it.
    pub event_types: Option<Vec<EventType>>,
    /// True if it is on.
    pub enabled: Option<bool>,
}

/// Creates an endpoint and answers with its id and the row of its secret.
///
/// # Errors
/// [`Refusal::WebhookLimit`].
pub fn create(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    staff: PersonId,
    url: &str,
    types: &[EventType],
) -> Result<WithSecret> {
    // The lock makes concurrent requests count the school's endpoints one after the other.
    lock_row(db, LockRank::School, school)?;
    let count: i64 = webhooks::table
        .filter(webhooks::school_id.eq(key(school)).and(webhooks::deleted_at.is_null()))
        .count()
        .get_result(db)?;
    if count >= MAX_ENDPOINTS {
        return Err(Refusal::WebhookLimit.into());
    }
    let id: WebhookId = ctx.new_id();
    let row = Row {
        id: key(id),
        school_id: key(school),
        url: url.to_owned(),
        event_types: joined(types),
        enabled: true,
        off_reason: None,
        failing_since: None,
        created_by: key(staff),
        created_at: at(ctx.now),
    };
    diesel::insert_into(webhooks::table).values(&row).execute(db)?;
    let secret = insert_secret(db, ctx, school, id)?;
    events::record_by_staff(
        db,
        ctx,
        school,
        staff,
        "webhook_added",
        format!("Added an endpoint for webhooks at {}.", host(url)),
    )?;
    Ok(WithSecret { of: id.into(), secret: Some(secret) })
}

/// Loads the school's endpoints, oldest first.
///
/// # Errors
/// Errors of the database.
pub fn list(db: &mut Db, ctx: &Context, school: SchoolId) -> Result<Vec<Endpoint>> {
    let of_school = webhooks::table
        .filter(webhooks::school_id.eq(key(school)).and(webhooks::deleted_at.is_null()));
    let rows: Vec<Row> =
        of_school.order((webhooks::created_at, webhooks::id)).select(Row::as_select()).load(db)?;
    rows.into_iter().map(|row| endpoint(db, ctx, row)).collect()
}

/// Finds an endpoint of the school.
///
/// # Errors
/// [`Error::NotFound`] when it belongs to another school or was deleted.
pub fn find(db: &mut Db, ctx: &Context, school: SchoolId, webhook: WebhookId) -> Result<Endpoint> {
    let row: Row = webhooks::table
        .find(key(webhook))
        .filter(is_of(school))
        .select(Row::as_select())
        .first(db)?;
    endpoint(db, ctx, row)
}

/// Changes an endpoint. Switching it off drops its pending deliveries; switching it on clears the
/// reason why it was off.
///
/// # Errors
/// [`Error::NotFound`].
pub fn change(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    staff: PersonId,
    webhook: WebhookId,
    change: &Change,
) -> Result<Endpoint> {
    let before = find(db, ctx, school, webhook)?;
    let mine = || webhooks::table.find(key(webhook)).filter(is_of(school));
    let (url, types) = (
        change.url.as_ref().unwrap_or(&before.url),
        change.event_types.as_ref().unwrap_or(&before.event_types),
    );
    if diesel::update(mine())
        .set((webhooks::url.eq(url), webhooks::event_types.eq(joined(types))))
        .execute(db)?
        != 1
    {
        return Err(Error::NotFound);
    }
    match change.enabled {
        Some(true) => {
            let on = (
                webhooks::enabled.eq(true),
                webhooks::off_reason.eq(None::<&str>),
                webhooks::failing_since.eq(None::<At>),
            );
            diesel::update(mine().filter(webhooks::enabled.eq(false))).set(on).execute(db)?;
        }
        Some(false) => _ = switch_off(db, ctx, webhook, OffReason::Staff)?,
        None => {}
    }
    let after = find(db, ctx, school, webhook)?;
    if after != before {
        events::record_by_staff(
            db,
            ctx,
            school,
            staff,
            "webhook_changed",
            format!("Changed the endpoint for webhooks at {}.", host(&after.url)),
        )?;
    }
    Ok(after)
}

/// Deletes an endpoint and drops its pending deliveries.
///
/// # Errors
/// [`Error::NotFound`].
pub fn delete(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    staff: PersonId,
    webhook: WebhookId,
) -> Result<()> {
    let endpoint = find(db, ctx, school, webhook)?;
    if diesel::update(webhooks::table.find(key(webhook)).filter(is_of(school)))
        .set(webhooks::deleted_at.eq(Some(at(ctx.now))))
        .execute(db)?
        != 1
    {
        return Err(Error::NotFound);
    }
    drop_pending(db, ctx, webhook)?;
    events::record_by_staff(
        db,
        ctx,
        school,
        staff,
        "webhook_deleted",
        format!("Deleted the endpoint for webhooks at {}.", host(&endpoint.url)),
    )
}

/// Creates a new secret for an endpoint and answers with its row. The previous secret stays valid
/// for [`SECRET_OVERLAP`]; older ones expire at once.
///
/// # Errors
/// [`Error::NotFound`].
pub fn rotate(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    staff: PersonId,
    webhook: WebhookId,
) -> Result<WithSecret> {
    // This update locks the endpoint's row, so that concurrent rotations run one after the other.
    if diesel::update(webhooks::table.find(key(webhook)).filter(is_of(school)))
        .set(webhooks::deleted_at.eq(None::<At>))
        .execute(db)?
        != 1
    {
        return Err(Error::NotFound);
    }
    let of_webhook = || webhook_secrets::table.filter(webhook_secrets::webhook_id.eq(key(webhook)));
    let older = of_webhook().filter(webhook_secrets::expires_at.gt(at(ctx.now)));
    diesel::update(older).set(webhook_secrets::expires_at.eq(Some(at(ctx.now)))).execute(db)?;
    let newest = of_webhook().filter(webhook_secrets::expires_at.is_null());
    diesel::update(newest)
        .set(webhook_secrets::expires_at.eq(Some(at(ctx.now + SECRET_OVERLAP))))
        .execute(db)?;
    let secret = insert_secret(db, ctx, school, webhook)?;
    let endpoint = find(db, ctx, school, webhook)?;
    events::record_by_staff(
        db,
        ctx,
        school,
        staff,
        "webhook_secret_renewed",
        format!("Renewed the secret of the endpoint for webhooks at {}.", host(&endpoint.url)),
    )?;
    Ok(WithSecret { of: webhook.into(), secret: Some(secret) })
}

/// Switches an endpoint off and drops its pending deliveries. Returns false when it was off
/// already.
pub(super) fn switch_off(
    db: &mut Db,
    ctx: &Context,
    webhook: WebhookId,
    reason: OffReason,
) -> Result<bool> {
    let on = webhooks::table.find(key(webhook)).filter(webhooks::enabled.eq(true));
    let off = diesel::update(on)
        .set((webhooks::enabled.eq(false), webhooks::off_reason.eq(Some(reason.as_str()))))
        .execute(db)?
        == 1;
    if off {
        drop_pending(db, ctx, webhook)?;
    }
    Ok(off)
}

/// The host of an endpoint's URL. Other parts of the URL may be secrets of its owner.
pub(super) fn host(url: &str) -> String {
    url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}

fn drop_pending(db: &mut Db, ctx: &Context, webhook: WebhookId) -> Result<()> {
    let pending = webhook_deliveries::table.filter(
        webhook_deliveries::webhook_id
            .eq(key(webhook))
            .and(webhook_deliveries::state.eq("pending")),
    );
    diesel::update(pending)
        .set((
            webhook_deliveries::state.eq("dropped"),
            webhook_deliveries::settled_at.eq(Some(at(ctx.now))),
        ))
        .execute(db)?;
    Ok(())
}

fn insert_secret(db: &mut Db, ctx: &Context, school: SchoolId, webhook: WebhookId) -> Result<Uuid> {
    let id: Uuid = ctx.new_id();
    let row = (
        webhook_secrets::id.eq(key(id)),
        webhook_secrets::school_id.eq(key(school)),
        webhook_secrets::webhook_id.eq(key(webhook)),
        webhook_secrets::created_at.eq(at(ctx.now)),
    );
    diesel::insert_into(webhook_secrets::table).values(row).execute(db)?;
    Ok(id)
}

fn endpoint(db: &mut Db, ctx: &Context, row: Row) -> Result<Endpoint> {
    let old = webhook_secrets::table.filter(
        webhook_secrets::webhook_id.eq(row.id).and(webhook_secrets::expires_at.gt(at(ctx.now))),
    );
    let old_secret_until: Option<Option<At>> =
        old.select(webhook_secrets::expires_at).first(db).optional()?;
    Ok(Endpoint {
        id: row.id.into(),
        event_types: row.event_types.split(' ').filter_map(EventType::parse).collect(),
        url: row.url,
        off: row.off_reason.as_deref().map(OffReason::parse),
        failing_since: row.failing_since.map(Into::into),
        old_secret_until: old_secret_until.flatten().map(Into::into),
        created_at: row.created_at.into(),
    })
}

fn joined(types: &[EventType]) -> String {
    types.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(" ")
}

type IsOf = diesel::dsl::And<
    diesel::dsl::Eq<webhooks::school_id, Key>,
    diesel::dsl::IsNull<webhooks::deleted_at>,
>;

fn is_of(school: SchoolId) -> IsOf {
    webhooks::school_id.eq(key(school)).and(webhooks::deleted_at.is_null())
}
