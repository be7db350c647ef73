//! Row locks: every explicit lock of a transaction, and the one order in which transactions take
//! locks. In debug builds a transaction that breaks the order panics, on SQLite too.

mod order;
#[cfg(test)]
mod tests;

use diesel::{
    PgConnection, QueryResult, connection::SimpleConnection, prelude::*, sql_types::Text,
};
use uuid::Uuid;

use self::order::{Strength, record};
pub(super) use self::order::{savepoint, transaction};
use super::{Db, Result, sql_types::Key};
use crate::schema::{
    api_clients, bookings, calls, change_places, evenings, invites, people, schools, sessions,
    throttles, webhook_deliveries, webhooks,
};

/// The kinds of locks, in the order in which every transaction takes them: never a lock of an
/// earlier kind after one of a later kind, and several of one kind by ascending id. Transactions
/// that keep to one order can't deadlock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LockRank {
    /// A request's `Idempotency-Key`: a retry waits until the first request is answered. It comes
    /// first because it surrounds all other work.
    IdempotencyKey,
    /// The row of `marks` that names the last import of a school, so that only one import of a
    /// school writes at a time. An import takes it before it locks people, so that an import that
    /// lost the race makes nobody wait.
    RosterTurn,
    /// A school: its webhook endpoints are counted and added by one transaction at a time.
    School,
    /// An API client: its secrets and scopes change in one transaction at a time.
    ApiClient,
    /// A webhook endpoint: a change depends on the version that the client has read (`If-Match`).
    Webhook,
    /// A person: a parent's bookings and invites are decided either before or after an import or a
    /// bar that takes the parent's access. It comes before all rows that belong to the parent.
    Person,
    /// A booking: one transaction at a time decides its time, its end and its call. A transaction
    /// that only needs the booking to stay locks it for share.
    Booking,
    /// An evening: a booking or cancellation locks it for share, so that its settings stay as they
    /// were read. Setting up the evening, and an import that strands appointments, lock it and so
    /// wait for bookings under way.
    Evening,
    /// An invite: one transaction at a time enters by it, renews it or ends it.
    Invite,
    /// A login session: entering a call locks it for share, so that it can't be ended at the same
    /// time.
    Session,
    /// A bucket of a throttle: concurrent requests can't take more than the bucket holds. It comes
    /// after the rows that decide whether somebody may try at all.
    Throttle,
    /// A call: its seats and queue change in one transaction at a time. It comes after every row
    /// that a seat depends on: a transaction that ends such a row then finds the seat and frees it.
    Call,
    /// A webhook delivery: the purge waits for a delivery that is being sent again.
    WebhookDelivery,
    /// A school's change feed: one transaction at a time assigns sequence numbers.
    ChangeFeed,
}

impl LockRank {
    /// The strength of [`lock_row`]. Rows that foreign keys refer to are locked without their key,
    /// so that others may still insert rows that refer to them.
    const fn strength(self) -> Strength {
        match self {
            Self::School | Self::ApiClient | Self::Person | Self::Booking => Strength::NoKeyUpdate,
            _ => Strength::Update,
        }
    }
}

/// Locks one row until the transaction ends: no other transaction can change or lock it meanwhile.
/// If the row does not exist, nothing is locked. SQLite has one writer, so there only the order is
/// recorded.
///
/// # Errors
/// Errors of the database.
pub fn lock_row(db: &mut Db, rank: LockRank, id: impl Into<Key>) -> Result<()> {
    lock(db, rank, &[id.into()], rank.strength())
}

/// Locks many rows of one kind, in the order of their ids. Other transactions may still insert rows
/// that refer to them.
///
/// # Errors
/// Errors of the database.
pub fn lock_rows(db: &mut Db, rank: LockRank, ids: impl IntoIterator<Item = Key>) -> Result<()> {
    let mut ids: Vec<Key> = ids.into_iter().collect();
    ids.sort_unstable();
    ids.dedup();
    lock(db, rank, &ids, Strength::NoKeyUpdate)
}

/// Locks one row for share until the transaction ends: other transactions may lock it for share
/// too, and none can change it.
///
/// # Errors
/// Errors of the database.
pub fn lock_for_share(db: &mut Db, rank: LockRank, id: impl Into<Key>) -> Result<()> {
    lock(db, rank, &[id.into()], Strength::Share)
}

/// Locks the bucket of a throttle. `place` is the throttle's position in the order in which one
/// transaction locks several.
///
/// # Errors
/// Errors of the database.
pub(super) fn lock_throttle(
    db: &mut Db,
    place: u8,
    (school, kind, subject): (Key, &str, &str),
) -> Result<()> {
    record(LockRank::Throttle, place.into(), Strength::Update);
    if let Db::Pg(conn) = db {
        let row = throttles::table.find((school, kind, subject)).select(throttles::school_id);
        let _: Vec<Key> = row.for_update().load(conn)?;
    }
    Ok(())
}

/// Makes another request with the same idempotency key wait until this transaction ends.
///
/// # Errors
/// Errors of the database.
pub(super) fn lock_idempotency_key(db: &mut Db, owner: Uuid, request_key: &str) -> Result<()> {
    record(LockRank::IdempotencyKey, owner.as_u128(), Strength::Update);
    if let Db::Pg(conn) = db {
        diesel::sql_query("select pg_advisory_xact_lock(hashtextextended($1, 0))")
            .bind::<Text, _>(format!("parlour idempotency {owner} {request_key}"))
            .execute(conn)?;
    }
    Ok(())
}

/// Records a conditional write that is also a lock: transactions that make the same write wait
/// until this one ends. Call it before the write.
pub(super) fn will_write(rank: LockRank, name: &str) {
    let first: Vec<u8> = name.bytes().rev().take(16).collect();
    let id = first.iter().rev().fold(0, |id: u128, byte| id << 8 | u128::from(*byte));
    record(rank, id, Strength::NoKeyUpdate);
}

/// The end of a query that locks the rows it reads and skips rows that another transaction has
/// locked. It never waits, so it has no rank.
pub(super) const fn skipping_locked(db: &Db) -> &'static str {
    match db {
        Db::Pg(_) => "for update skip locked",
        Db::Sqlite(_) => "",
    }
}

/// Makes other processes that migrate the same schema wait until the connection is closed. It
/// belongs to the connection, not to a transaction, and no other lock is held with it.
pub(super) fn lock_migrations(conn: &mut PgConnection) -> QueryResult<()> {
    conn.batch_execute(
        "select pg_advisory_lock(hashtext('parlour migrations ' || current_schema()))",
    )
}

fn lock(db: &mut Db, rank: LockRank, ids: &[Key], strength: Strength) -> Result<()> {
    for id in ids {
        record(rank, id.0.as_u128(), strength);
    }
    if let Db::Pg(conn) = db {
        select(conn, rank, ids, strength)?;
    }
    Ok(())
}

/// Locks rows of a table by its id column, in the order of the ids.
macro_rules! select {
    ($conn:ident, $id:path, $table:path, $ids:ident, $strength:ident) => {{
        let rows = $table.filter($id.eq_any($ids.to_vec())).order($id).select($id);
        match $strength {
            Strength::Share => rows.for_share().load::<Key>($conn)?,
            Strength::NoKeyUpdate => rows.for_no_key_update().load::<Key>($conn)?,
            Strength::Update => rows.for_update().load::<Key>($conn)?,
        };
    }};
}

fn select(
    conn: &mut PgConnection,
    rank: LockRank,
    ids: &[Key],
    strength: Strength,
) -> QueryResult<()> {
    match rank {
        LockRank::School => select!(conn, schools::id, schools::table, ids, strength),
        LockRank::ApiClient => select!(conn, api_clients::id, api_clients::table, ids, strength),
        LockRank::Webhook => select!(conn, webhooks::id, webhooks::table, ids, strength),
        LockRank::Person => select!(conn, people::id, people::table, ids, strength),
        LockRank::Booking => select!(conn, bookings::id, bookings::table, ids, strength),
        LockRank::Evening => select!(conn, evenings::id, evenings::table, ids, strength),
        LockRank::Invite => select!(conn, invites::id, invites::table, ids, strength),
        LockRank::Session => select!(conn, sessions::id, sessions::table, ids, strength),
        LockRank::Call => select!(conn, calls::booking_id, calls::table, ids, strength),
        LockRank::WebhookDelivery => {
            select!(conn, webhook_deliveries::id, webhook_deliveries::table, ids, strength);
        }
        LockRank::ChangeFeed => {
            select!(conn, change_places::school_id, change_places::table, ids, strength);
        }
        // These ranks have functions of their own.
        LockRank::IdempotencyKey | LockRank::RosterTurn | LockRank::Throttle => {}
    }
    Ok(())
}
