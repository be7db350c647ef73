//! Row locks: every lock that a transaction takes explicitly, and the one order in which locks are
//! taken. In debug builds a transaction that breaks the order panics, on SQLite too.

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

/// The kinds of locks, in the order in which every transaction takes them: a later one never
/// before an earlier one, and several of one kind by ascending id. Two transactions that keep to
/// one order can't wait for each other in a circle.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LockRank {
    /// A request's `Idempotency-Key`: a repetition waits until the first request is answered. It
    /// comes first because it surrounds all other work.
    IdempotencyKey,
    /// The row of `marks` that says which import of a school was the last one: one import of a
    /// school writes at a time. An import takes it before it locks anybody, so that one that was
    /// overtaken makes nobody wait.
    RosterTurn,
    /// A school: its webhook endpoints are counted and added by one at a time.
    School,
    /// An API client: its secrets and scopes change one after the other.
    ApiClient,
    /// A webhook endpoint: its changes rest on what it was (`If-Match`).
    Webhook,
    /// A person: what a parent books and whom they invite is decided before or after an import or
    /// a bar that takes their access. It comes before all that belongs to the parent.
    Person,
    /// A booking: its time, its end and its call are decided by one at a time. Who only needs it to
    /// stay shares it.
    Booking,
    /// An evening: a booking or cancellation shares it, so that its settings stay as they were
    /// read. Setting it up and an import that strands appointments lock it, and so wait for the
    /// bookings under way.
    Evening,
    /// An invite: whoever enters by it, renews it or ends it does so alone.
    Invite,
    /// A login session: who enters a call shares it, so that it can't be ended beside that.
    Session,
    /// A bucket of a throttle: of many at once no more get through than there are. It comes after
    /// the rows that say whether somebody may try at all.
    Throttle,
    /// A call: its seats and queue change one after the other. It comes after everything on which a
    /// seat rests: whoever ends one of those then finds the seat and takes it away.
    Call,
    /// A delivery to a webhook endpoint: the purge waits for one that is sent again.
    WebhookDelivery,
    /// A school's change feed: its sequence numbers are given by one at a time.
    ChangeFeed,
}

impl LockRank {
    /// How [`lock_row`] locks. What others refer to while it changes keeps its key: they may insert
    /// rows with a foreign key to it.
    const fn strength(self) -> Strength {
        match self {
            Self::School | Self::ApiClient | Self::Person | Self::Booking => Strength::NoKeyUpdate,
            _ => Strength::Update,
        }
    }
}

/// Locks one row until the transaction ends: nobody else may change or lock it meanwhile. A row
/// that is not there is locked by nobody. SQLite has one writer, so it only records the order.
///
/// # Errors
/// When the database fails.
pub fn lock_row(db: &mut Db, rank: LockRank, id: impl Into<Key>) -> Result<()> {
    lock(db, rank, &[id.into()], rank.strength())
}

/// Locks many rows of one kind as [`lock_row`] does, in the order of their ids; rows that refer to
/// them may be inserted meanwhile.
///
/// # Errors
/// When the database fails.
pub fn lock_rows(db: &mut Db, rank: LockRank, ids: impl IntoIterator<Item = Key>) -> Result<()> {
    let mut ids: Vec<Key> = ids.into_iter().collect();
    ids.sort_unstable();
    ids.dedup();
    lock(db, rank, &ids, Strength::NoKeyUpdate)
}

/// Shares one row until the transaction ends: others may share it too, and nobody may change it.
///
/// # Errors
/// When the database fails.
pub fn lock_for_share(db: &mut Db, rank: LockRank, id: impl Into<Key>) -> Result<()> {
    lock(db, rank, &[id.into()], Strength::Share)
}

/// Locks the bucket of a throttle. `place` is the throttle's place among those of which a
/// transaction locks several.
///
/// # Errors
/// When the database fails.
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
/// When the database fails.
pub(super) fn lock_idempotency_key(db: &mut Db, owner: Uuid, request_key: &str) -> Result<()> {
    record(LockRank::IdempotencyKey, owner.as_u128(), Strength::Update);
    if let Db::Pg(conn) = db {
        diesel::sql_query("select pg_advisory_xact_lock(hashtextextended($1, 0))")
            .bind::<Text, _>(format!("parlour idempotency {owner} {request_key}"))
            .execute(conn)?;
    }
    Ok(())
}

/// Records a conditional write that is a lock as well: until the transaction ends, others who make
/// the same write wait. Call it before the write.
pub(super) fn will_write(rank: LockRank, name: &str) {
    let first: Vec<u8> = name.bytes().rev().take(16).collect();
    let id = first.iter().rev().fold(0, |id: u128, byte| id << 8 | u128::from(*byte));
    record(rank, id, Strength::NoKeyUpdate);
}

/// The end of a query that locks the rows it reads and skips those that another transaction has
/// locked. It waits for nobody, so it has no rank.
pub(super) const fn skipping_locked(db: &Db) -> &'static str {
    match db {
        Db::Pg(_) => "for update skip locked",
        Db::Sqlite(_) => "",
    }
}

/// Makes other processes that migrate the same schema wait until the connection is closed. It is no
/// lock of a transaction: nothing else is locked beside it.
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
        // These have functions of their own.
        LockRank::IdempotencyKey | LockRank::RosterTurn | LockRank::Throttle => {}
    }
    Ok(())
}
