//! Retries: the same `Idempotency-Key` gives the first answer
//! (draft-ietf-httpapi-idempotency-key-header). Written in the transaction of what it answers.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

use super::{
    Db, Error, Result, locks,
    sql_types::{At, Key, at},
};
use crate::{context::Context, each, schema::idempotency_keys};

/// For how long a key is remembered.
const KEY_LIFE: TimeDelta = TimeDelta::hours(24);

/// A key as it came with a request.
#[derive(Clone, Debug)]
pub struct RequestKey {
    /// The owner of the key: the person or the program that asks, or the invite whose link a guest
    /// holds.
    pub owner: Uuid,
    /// The key.
    pub key: String,
    /// A hash of method, path and body.
    pub request_hash: String,
}

/// What is remembered of an answer that bore a secret: what it was about, and not the secret, so
/// that a repeated request does not get it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct WithSecret {
    /// The thing.
    pub of: Uuid,
    /// The row of the secret that was made; none in a repetition.
    #[serde(skip)]
    pub secret: Option<Uuid>,
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
}

/// Runs `work` once a key: a repeated request gets the stored answer.
///
/// # Errors
/// [`Error::KeyReused`] when the key came with another request before; the work's own.
pub fn once<T: Serialize + DeserializeOwned>(
    db: &mut Db,
    ctx: &Context,
    request: Option<&RequestKey>,
    work: impl FnOnce(&mut Db) -> Result<T>,
) -> Result<T> {
    let Some(request) = request else { return work(db) };
    // Of two at the same moment the second waits here, not inside the work, where it would be
    // refused for what the first has just made.
    locks::lock_idempotency_key(db, request.owner, &request.key)?;
    let known = idempotency_keys::table.find((Key(request.owner), &request.key));
    let columns =
        (idempotency_keys::request_hash, idempotency_keys::body, idempotency_keys::created_at);
    let stored: Option<(String, String, At)> =
        each!(db, conn => known.select(columns).get_result(conn).optional())?;
    if let Some((hash, body, created_at)) = stored {
        if *created_at < ctx.now - KEY_LIFE {
            diesel::delete(known).execute(db)?;
            return once(db, ctx, Some(request), work);
        }
        let same = hash == request.request_hash;
        return if same {
            serde_json::from_str(&body).map_err(|_| Error::KeyReused)
        } else {
            Err(Error::KeyReused)
        };
    }
    let answer = work(db)?;
    let body = serde_json::to_string(&answer).map_err(|_| Error::Panicked)?;
    let row = NewRow {
        owner_id: Key(request.owner),
        key: &request.key,
        request_hash: &request.request_hash,
        status: 201,
        body: &body,
        created_at: at(ctx.now),
    };
    each!(db, conn => diesel::insert_into(idempotency_keys::table).values(&row).execute(conn))
        .map_err(Error::raced)?;
    Ok(answer)
}

/// Deletes keys that are remembered no more, a step of them; whether there may be more.
///
/// # Errors
/// When the database fails.
pub fn purge(db: &mut Db, now: DateTime<Utc>) -> Result<bool> {
    const STEP: i64 = 500;
    let old = idempotency_keys::table.filter(idempotency_keys::created_at.lt(at(now - KEY_LIFE)));
    let last: Option<At> = old
        .order(idempotency_keys::created_at)
        .offset(STEP - 1)
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
