//! Idempotency keys: a retry with the same `Idempotency-Key` gets the first response, byte for byte
//! (draft-ietf-httpapi-idempotency-key-header). The row is written in the same transaction as the
//! work.

use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Db, Error, Result, locks,
    sql_types::{At, Key, at},
};
use crate::{context::Context, schema::idempotency_keys, with_conn};

/// Time for which a key is kept.
const KEY_LIFE: TimeDelta = TimeDelta::hours(24);

/// The idempotency key of a request.
#[derive(Clone, Debug)]
pub struct RequestKey {
    /// The owner of the key: the person or API client that sends the request, or the invite of a
    /// guest.
    pub owner: Uuid,
    /// The key.
    pub key: String,
    /// A hash of method, path and body.
    pub request_hash: String,
}

/// The response that the row of a key stores.
#[derive(Queryable, Debug)]
pub struct Kept {
    status: i32,
    headers: Option<String>,
    body: String,
}

/// A result that can be stored for a retry.
pub trait Repeatable: Sized {
    /// Converts the result to its stored form.
    ///
    /// # Errors
    /// Fails if it can't be written as JSON.
    fn keep(&self) -> Result<Kept>;

    /// Converts the stored form back to the result.
    ///
    /// # Errors
    /// [`Error::KeyReused`] when the row does not hold a result of this type.
    fn repeat(kept: Kept) -> Result<Self>;
}

/// A response of an operation: status, headers and body. Headers that every response gets (request
/// id, date, cookies) are not part of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The names and values of the headers.
    pub headers: Vec<(String, String)>,
    /// The body; empty if there is none.
    pub body: String,
}

impl Response {
    /// A response with status 201 and the created resource.
    ///
    /// # Errors
    /// Fails if it can't be written as JSON.
    pub fn created(made: &impl Serialize) -> Result<Self> {
        Self::json(201, made)
    }

    /// A response with status 202 and the accepted work.
    ///
    /// # Errors
    /// The errors of [`Self::created`].
    pub fn accepted(view: &impl Serialize) -> Result<Self> {
        Self::json(202, view)
    }

    /// A response without a body.
    #[must_use]
    pub const fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new() }
    }

    /// Adds a `Location` header.
    #[must_use]
    pub fn at(mut self, location: String) -> Self {
        self.headers.push(("location".to_owned(), location));
        self
    }

    /// Returns the id at the end of the `Location` header.
    pub fn id_in_location<T: FromStr>(&self) -> Option<T> {
        let (_, location) = self.headers.iter().find(|(name, _)| name == "location")?;
        location.rsplit('/').next()?.parse().ok()
    }

    fn json(status: u16, view: &impl Serialize) -> Result<Self> {
        let body = serde_json::to_string(view).map_err(|_| Error::Internal)?;
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Ok(Self { status, headers, body })
    }
}

impl Repeatable for Response {
    fn keep(&self) -> Result<Kept> {
        let headers = serde_json::to_string(&self.headers).map_err(|_| Error::Internal)?;
        Ok(Kept { status: self.status.into(), headers: Some(headers), body: self.body.clone() })
    }

    fn repeat(kept: Kept) -> Result<Self> {
        let headers = kept.headers.ok_or(Error::KeyReused)?;
        let headers = serde_json::from_str(&headers).map_err(|_| Error::KeyReused)?;
        let status = kept.status.try_into().map_err(|_| Error::KeyReused)?;
        Ok(Self { status, headers, body: kept.body })
    }
}

/// The id of something that was made together with a secret. The row stores only this id, so a
/// retry gets no secret.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct WithSecret {
    /// The id of the thing.
    pub of: Uuid,
    /// The id of the new secret's row; `None` for a retry.
    #[serde(skip)]
    pub secret: Option<Uuid>,
}

impl Repeatable for WithSecret {
    fn keep(&self) -> Result<Kept> {
        let body = serde_json::to_string(self).map_err(|_| Error::Internal)?;
        Ok(Kept { status: 201, headers: None, body })
    }

    fn repeat(kept: Kept) -> Result<Self> {
        serde_json::from_str(&kept.body).map_err(|_| Error::KeyReused)
    }
}

#[derive(Insertable)]
#[diesel(table_name = idempotency_keys)]
struct NewRow<'a> {
    owner_id: Key,
    key: &'a str,
    request_hash: &'a str,
    status: i32,
    body: &'a str,
    created_at: At,
    headers: Option<&'a str>,
}

/// Runs `work` once per key; a retry gets the stored result. Without a key, `work` always runs.
///
/// # Errors
/// [`Error::KeyReused`] when the key was used before with a different request; the errors of
/// `work`.
pub fn with_idempotency_key<T: Repeatable>(
    db: &mut Db,
    ctx: &Context,
    request: Option<&RequestKey>,
    work: impl FnOnce(&mut Db) -> Result<T>,
) -> Result<T> {
    let Some(request) = request else { return work(db) };
    // Of two concurrent requests the second waits for this lock. Without it, the second would run
    // into the rows that the first has just made, and be refused.
    locks::lock_idempotency_key(db, request.owner, &request.key)?;
    if let Some(kept) = find(db, ctx.now, request)? {
        return T::repeat(kept);
    }
    let result = work(db)?;
    insert(db, ctx.now, request, &result.keep()?)?;
    Ok(result)
}

/// Returns the stored result for a retry of this request. It deletes the row if the key has
/// expired.
fn find(db: &mut Db, now: DateTime<Utc>, request: &RequestKey) -> Result<Option<Kept>> {
    let row = idempotency_keys::table.find((Key(request.owner), &request.key));
    let columns = (
        idempotency_keys::request_hash,
        idempotency_keys::created_at,
        (idempotency_keys::status, idempotency_keys::headers, idempotency_keys::body),
    );
    let found: Option<(String, At, Kept)> =
        with_conn!(db, conn => row.select(columns).get_result(conn).optional())?;
    let Some((hash, created_at, kept)) = found else { return Ok(None) };
    if *created_at < now - KEY_LIFE {
        diesel::delete(row).execute(db)?;
        return Ok(None);
    }
    if hash == request.request_hash { Ok(Some(kept)) } else { Err(Error::KeyReused) }
}

fn insert(db: &mut Db, now: DateTime<Utc>, request: &RequestKey, kept: &Kept) -> Result<()> {
    let row = NewRow {
        owner_id: Key(request.owner),
        key: &request.key,
        request_hash: &request.request_hash,
        status: kept.status,
        body: &kept.body,
        created_at: at(now),
        headers: kept.headers.as_deref(),
    };
    with_conn!(db, conn => diesel::insert_into(idempotency_keys::table).values(&row).execute(conn))
        .map_err(Error::on_unique_violation)?;
    Ok(())
}

/// Deletes a batch of expired keys. Returns whether there may be more.
///
/// # Errors
/// Errors of the database.
pub fn purge(db: &mut Db, now: DateTime<Utc>) -> Result<bool> {
    const BATCH_SIZE: i64 = 500;
    let old = idempotency_keys::table.filter(idempotency_keys::created_at.lt(at(now - KEY_LIFE)));
    let last: Option<At> = old
        .order(idempotency_keys::created_at)
        .offset(BATCH_SIZE - 1)
        .limit(1)
        .select(idempotency_keys::created_at)
        .first(db)
        .optional()?;
    match last {
        Some(last) => {
            diesel::delete(idempotency_keys::table.filter(idempotency_keys::created_at.le(last)))
                .execute(db)?
        }
        None => diesel::delete(old).execute(db)?,
    };
    Ok(last.is_some())
}
