//! The record of the locks that a transaction holds, and the assertion of their order. Both exist
//! only in debug builds.

use std::{cell::RefCell, collections::BTreeMap};

use diesel::Connection;
use uuid::Uuid;

use super::LockRank;
use crate::store::{Db, Result as StoreResult};

/// The strength of a row lock, as PostgreSQL grades them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Strength {
    /// `for share`.
    Share,
    /// `for no key update`: the lock of an update that leaves the key unchanged.
    NoKeyUpdate,
    /// `for update`.
    Update,
}

/// The locks that a transaction holds, by kind and id.
type Locks = BTreeMap<(LockRank, u128), Strength>;

thread_local! {
    /// The locks of the transaction that this thread runs; `None` outside of one. A transaction
    /// runs on one thread from beginning to end.
    static HELD: RefCell<Option<Locks>> = const { RefCell::new(None) };
}

/// Runs a transaction's work with an empty record of locks, which is discarded afterwards.
pub(in crate::store) fn transaction<T>(work: impl FnOnce() -> T) -> T {
    let _scope = Scope::begin(Some(Locks::new()));
    work()
}

/// Runs work in a savepoint. If it fails, its writes are undone and its locks are released.
///
/// # Errors
/// The errors of the work.
pub(in crate::store) fn savepoint<T>(
    db: &mut Db,
    work: impl FnOnce(&mut Db) -> StoreResult<T>,
) -> StoreResult<T> {
    let before = HELD.with_borrow(Clone::clone);
    let outcome = db.transaction(work);
    if outcome.is_err() {
        HELD.set(before);
    }
    outcome
}

/// Restores the previous record when it is dropped, also after a panic.
struct Scope(Option<Locks>);

impl Scope {
    fn begin(locks: Option<Locks>) -> Self {
        Self(HELD.replace(locks))
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        HELD.set(self.0.take());
    }
}

/// Records a lock that is about to be taken.
///
/// # Panics
/// In debug builds, outside of a transaction, and when the transaction takes the lock out of the
/// order of [`LockRank`].
pub(super) fn record(rank: LockRank, id: u128, strength: Strength) {
    if !cfg!(debug_assertions) {
        return;
    }
    let broken = HELD.with_borrow_mut(|held| match held {
        None => Some("outside of a transaction, where it ends at once".to_owned()),
        Some(locks) => add(locks, (rank, id), strength).err(),
    });
    if let Some(broken) = broken {
        let id = Uuid::from_u128(id);
        debug_assert!(false, "lock order: {rank:?} {id} is locked {broken}");
    }
}

/// Adds a lock to the record, or returns why the order forbids it.
fn add(held: &mut Locks, new: (LockRank, u128), strength: Strength) -> Result<(), String> {
    match held.get(&new) {
        // Two transactions that share a row and both want it exclusively would deadlock.
        Some(Strength::Share) if strength > Strength::Share => {
            return Err("after this transaction has shared it".to_owned());
        }
        // The transaction already holds the lock, so it can't wait for it.
        Some(_) => return Ok(()),
        None => {}
    }
    if let Some((last, _)) = held.last_key_value().filter(|(last, _)| **last > new) {
        return Err(format!("after {:?} {}", last.0, Uuid::from_u128(last.1)));
    }
    held.insert(new, strength);
    Ok(())
}
