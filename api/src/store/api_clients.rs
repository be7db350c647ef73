//! API clients and their secrets: staff create, change, rotate and revoke them. The database holds
//! only the id of a secret.

mod operations;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use parlour_domain::{
    id::{ClientId, ClientSecretId, PersonId, SchoolId},
    scope::Scopes,
};
use uuid::Uuid;

pub use self::operations::{change_client, revoke_client};
use super::{
    Db, Error, Result, events,
    idempotency::{self, RequestKey, WithSecret},
    locks::{LockRank, lock_row},
    people::PersonRow,
    sql_types::{At, Key, at, key},
};
use crate::{
    context::Context,
    schema::{api_client_secrets, api_clients, people as people_table},
};

/// Time for which the previous secret stays valid after a newer one was made.
pub const OVERLAP: TimeDelta = TimeDelta::hours(24);

/// An API client.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = api_clients)]
#[expect(missing_docs, reason = "the migration documents the columns")]
pub struct ApiClientRow {
    pub id: Key,
    pub school_id: Key,
    pub name: String,
    pub scopes: String,
    pub requests_per_minute: i32,
    pub created_by: Key,
    pub created_at: At,
    pub used_at: Option<At>,
}

impl ApiClientRow {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> ClientId {
        self.id.into()
    }

    /// Its scopes.
    #[must_use]
    pub fn scopes(&self) -> Scopes {
        // Only existing scopes were written. A scope that the product has dropped since then grants
        // nothing.
        self.scopes.split(' ').filter_map(|scope| scope.parse().ok()).collect()
    }
}

/// A secret's row.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = api_client_secrets)]
#[expect(missing_docs, reason = "the migration documents the columns")]
pub struct ApiClientSecretRow {
    pub id: Key,
    pub client_id: Key,
    pub created_at: At,
    pub expires_at: Option<At>,
}

/// An API client with the details that staff see.
#[derive(Clone, Debug)]
pub struct ApiClient {
    /// The API client.
    pub row: ApiClientRow,
    /// The name of the member of staff who created it.
    pub created_by: String,
    /// Its valid secrets, newest first.
    pub secrets: Vec<ApiClientSecretRow>,
}

/// An API client and the secret that was made for it.
#[derive(Clone, Debug)]
pub struct IssuedApiClient {
    /// The API client.
    pub client: ApiClient,
    /// The secret's id; `None` when an earlier request with the same idempotency key made the
    /// secret.
    pub secret: Option<ClientSecretId>,
}

/// The settings of an API client that staff choose.
#[derive(Clone, Debug)]
pub struct ApiClientSettings {
    /// The name that staff give it.
    pub name: String,
    /// Its scopes.
    pub scopes: Scopes,
    /// The number of requests it may send per minute.
    pub requests_per_minute: u32,
}

/// Creates an API client and its first secret.
///
/// # Errors
/// [`Error::KeyReused`].
pub fn create(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    staff: PersonId,
    settings: &ApiClientSettings,
    request: Option<&RequestKey>,
) -> Result<IssuedApiClient> {
    let made = idempotency::with_idempotency_key(db, ctx, request, |db| {
        let row = ApiClientRow {
            id: ctx.new_id::<Uuid>().into(),
            school_id: key(school),
            name: settings.name.clone(),
            scopes: settings.scopes.to_string(),
            requests_per_minute: settings.requests_per_minute.try_into().unwrap_or(i32::MAX),
            created_by: key(staff),
            created_at: at(ctx.now),
            used_at: None,
        };
        diesel::insert_into(api_clients::table).values(&row).execute(db)?;
        let secret = add_secret(db, ctx, row.id)?;
        events::record_by_staff(
            db,
            ctx,
            school,
            staff,
            "client_created",
            format!("Connected the program {}: {}.", row.name, row.scopes),
        )?;
        Ok(WithSecret { of: row.id.0, secret: Some(secret.0) })
    })?;
    issued(db, school, made, ctx.now)
}

/// Makes a new secret. The previous one stays valid for [`OVERLAP`]; older ones are deleted.
///
/// # Errors
/// [`Error::NotFound`], [`Error::KeyReused`].
pub fn rotate(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    staff: PersonId,
    client: ClientId,
    request: Option<&RequestKey>,
) -> Result<IssuedApiClient> {
    let made = idempotency::with_idempotency_key(db, ctx, request, |db| {
        let row = lock(db, school, client)?;
        let of_client = api_client_secrets::table.filter(api_client_secrets::client_id.eq(row.id));
        diesel::delete(of_client.filter(api_client_secrets::expires_at.is_not_null()))
            .execute(db)?;
        diesel::update(of_client)
            .set(api_client_secrets::expires_at.eq(Some(at(ctx.now + OVERLAP))))
            .execute(db)?;
        let secret = add_secret(db, ctx, row.id)?;
        events::record_by_staff(
            db,
            ctx,
            school,
            staff,
            "client_secret_created",
            format!("Made a new secret for the program {}.", row.name),
        )?;
        Ok(WithSecret { of: row.id.0, secret: Some(secret.0) })
    })?;
    issued(db, school, made, ctx.now)
}

/// Changes the settings of an API client.
///
/// # Errors
/// [`Error::NotFound`].
pub fn change(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    staff: PersonId,
    client: ClientId,
    change: impl FnOnce(&mut ApiClientSettings),
) -> Result<ApiClient> {
    let row = lock(db, school, client)?;
    let mut settings = ApiClientSettings {
        name: row.name.clone(),
        scopes: row.scopes(),
        requests_per_minute: row.requests_per_minute.try_into().unwrap_or(1),
    };
    change(&mut settings);
    let values = (
        api_clients::name.eq(&settings.name),
        api_clients::scopes.eq(settings.scopes.to_string()),
        api_clients::requests_per_minute
            .eq(i32::try_from(settings.requests_per_minute).unwrap_or(i32::MAX)),
    );
    diesel::update(api_clients::table.find(row.id)).set(values).execute(db)?;
    events::record_by_staff(
        db,
        ctx,
        school,
        staff,
        "client_changed",
        format!("Changed the program {}: {}.", settings.name, settings.scopes),
    )?;
    find(db, school, client, ctx.now)
}

/// Revokes an API client. Its access tokens stop working at once.
///
/// # Errors
/// [`Error::NotFound`].
pub fn revoke(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    staff: PersonId,
    client: ClientId,
) -> Result<()> {
    let row = lock(db, school, client)?;
    diesel::delete(api_client_secrets::table.filter(api_client_secrets::client_id.eq(row.id)))
        .execute(db)?;
    diesel::update(api_clients::table.find(row.id))
        .set(api_clients::revoked_at.eq(Some(at(ctx.now))))
        .execute(db)?;
    events::record_by_staff(
        db,
        ctx,
        school,
        staff,
        "client_revoked",
        format!("Disconnected the program {}.", row.name),
    )
}

/// Returns a page of the school's API clients, newest first. It reads one more than `limit`: an
/// extra row shows that there is a next page.
///
/// # Errors
/// [`Error::BadCursor`] when `after` is no API client of the school.
pub fn list(
    db: &mut Db,
    school: SchoolId,
    after: Option<ClientId>,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<ApiClient>> {
    let of_school = api_clients::table.filter(api_clients::school_id.eq(key(school)));
    let mut query = of_school
        .filter(api_clients::revoked_at.is_null())
        .select(ApiClientRow::as_select())
        .into_boxed();
    if let Some(after) = after {
        let time: Option<At> = of_school
            .filter(api_clients::id.eq(key(after)))
            .select(api_clients::created_at)
            .first(db)
            .optional()?;
        let time = time.ok_or(Error::BadCursor)?;
        query = query.filter(
            api_clients::created_at
                .lt(time)
                .or(api_clients::created_at.eq(time).and(api_clients::id.lt(key(after)))),
        );
    }
    let rows: Vec<ApiClientRow> = query
        .order((api_clients::created_at.desc(), api_clients::id.desc()))
        .limit(limit + 1)
        .load(db)?;
    rows.into_iter().map(|row| with_secrets(db, row, now)).collect()
}

/// Returns an API client that was not revoked.
///
/// # Errors
/// [`Error::NotFound`] when it is not the school's.
pub fn find(
    db: &mut Db,
    school: SchoolId,
    client: ClientId,
    now: DateTime<Utc>,
) -> Result<ApiClient> {
    let row = find_row(db, school, client)?;
    with_secrets(db, row, now)
}

/// Returns the row of an API client that was not revoked.
///
/// # Errors
/// [`Error::NotFound`] when it is not the school's.
pub fn find_row(db: &mut Db, school: SchoolId, client: ClientId) -> Result<ApiClientRow> {
    let live = api_clients::table
        .find(key(client))
        .filter(api_clients::school_id.eq(key(school)).and(api_clients::revoked_at.is_null()));
    Ok(live.select(ApiClientRow::as_select()).first(db)?)
}

/// Returns the API client that a secret belongs to if both are valid, and records the time of use.
///
/// # Errors
/// [`Error::NotFound`].
pub fn log_in(
    db: &mut Db,
    school: SchoolId,
    client: ClientId,
    secret: ClientSecretId,
    now: DateTime<Utc>,
) -> Result<ApiClientRow> {
    let row = find_row(db, school, client)?;
    let secrets = live_secrets(db, row.id, now)?;
    if !secrets.iter().any(|one| one.id == key(secret)) {
        return Err(Error::NotFound);
    }
    diesel::update(api_clients::table.find(row.id))
        .set(api_clients::used_at.eq(Some(at(now))))
        .execute(db)?;
    Ok(row)
}

fn issued(
    db: &mut Db,
    school: SchoolId,
    made: WithSecret,
    now: DateTime<Utc>,
) -> Result<IssuedApiClient> {
    Ok(IssuedApiClient {
        client: find(db, school, ClientId(made.of), now)?,
        secret: made.secret.map(ClientSecretId),
    })
}

/// Locks an API client's row and reads it, so that two changes run one after the other.
fn lock(db: &mut Db, school: SchoolId, client: ClientId) -> Result<ApiClientRow> {
    // Checks the school first, so that a request never locks another school's row.
    find_row(db, school, client)?;
    lock_row(db, LockRank::ApiClient, client)?;
    find_row(db, school, client)
}

fn add_secret(db: &mut Db, ctx: &Context, client: Key) -> Result<ClientSecretId> {
    let id: ClientSecretId = ctx.new_id();
    let row = ApiClientSecretRow {
        id: key(id),
        client_id: client,
        created_at: at(ctx.now),
        expires_at: None,
    };
    diesel::insert_into(api_client_secrets::table).values(&row).execute(db)?;
    Ok(id)
}

fn live_secrets(db: &mut Db, client: Key, now: DateTime<Utc>) -> Result<Vec<ApiClientSecretRow>> {
    let live =
        api_client_secrets::expires_at.is_null().or(api_client_secrets::expires_at.gt(at(now)));
    let of_client =
        api_client_secrets::table.filter(api_client_secrets::client_id.eq(client)).filter(live);
    Ok(of_client
        .order((api_client_secrets::created_at.desc(), api_client_secrets::id.desc()))
        .select(ApiClientSecretRow::as_select())
        .load(db)?)
}

fn with_secrets(db: &mut Db, row: ApiClientRow, now: DateTime<Utc>) -> Result<ApiClient> {
    let created_by: PersonRow =
        people_table::table.find(row.created_by).select(PersonRow::as_select()).first(db)?;
    let secrets = live_secrets(db, row.id, now)?;
    Ok(ApiClient { row, created_by: created_by.name(), secrets })
}
