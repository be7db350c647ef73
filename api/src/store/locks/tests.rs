use uuid::Uuid;

use super::{LockRank, lock_for_share, lock_row, lock_rows, savepoint, transaction};
use crate::store::{Db, Error, Result, sql_types::Key, test_database::TestDatabase, writer};

const LOW: Key = Key(Uuid::from_u128(1));
const HIGH: Key = Key(Uuid::from_u128(2));

/// Checks whether a transaction that takes these locks breaks the order.
#[track_caller]
fn check(breaks: bool, work: impl FnOnce(&mut Db) -> Result<()>) {
    let database = TestDatabase::new();
    let outcome = writer::guarded(&mut database.connect(), work);
    assert_eq!(matches!(outcome, Err(Error::Internal)), breaks, "{outcome:?}");
}

#[test]
fn another_order_of_kinds_panics() {
    check(false, |db| {
        lock_row(db, LockRank::Person, HIGH)?;
        lock_row(db, LockRank::Booking, LOW)
    });
    check(true, |db| {
        lock_row(db, LockRank::Booking, LOW)?;
        lock_row(db, LockRank::Person, HIGH)
    });
}

#[test]
fn rows_of_one_kind_are_locked_by_ascending_id() {
    check(false, |db| lock_rows(db, LockRank::Person, [HIGH, LOW]));
    check(true, |db| {
        lock_row(db, LockRank::Person, HIGH)?;
        lock_row(db, LockRank::Person, LOW)
    });
}

#[test]
fn a_lock_is_reentrant_but_a_shared_lock_is_not_upgraded() {
    check(false, |db| {
        lock_row(db, LockRank::Booking, LOW)?;
        lock_for_share(db, LockRank::Evening, LOW)?;
        lock_row(db, LockRank::Booking, LOW)?;
        lock_for_share(db, LockRank::Evening, LOW)
    });
    check(true, |db| {
        lock_for_share(db, LockRank::Evening, LOW)?;
        lock_row(db, LockRank::Evening, LOW)
    });
}

#[test]
fn a_savepoint_that_is_rolled_back_gives_its_locks_up() {
    let with_savepoint = |fails: bool| {
        move |db: &mut Db| {
            let inner = savepoint(db, |db| {
                lock_row(db, LockRank::Booking, LOW)?;
                if fails { Err(Error::UniqueViolation) } else { Ok(()) }
            });
            assert_eq!(inner.is_err(), fails);
            lock_row(db, LockRank::Person, LOW)
        }
    };
    check(false, with_savepoint(true));
    check(true, with_savepoint(false));
}

#[test]
fn a_transaction_begins_with_no_locks_and_leaves_none() {
    let database = TestDatabase::new();
    let db = &mut database.connect();
    for _ in 0..2 {
        transaction(|| lock_row(db, LockRank::Person, LOW)).unwrap();
        transaction(|| lock_row(db, LockRank::IdempotencyKey, LOW)).unwrap();
    }
}

#[test]
#[should_panic(expected = "outside of a transaction")]
fn a_lock_outside_of_a_transaction_panics() {
    let database = TestDatabase::new();
    lock_row(&mut database.connect(), LockRank::Person, LOW).unwrap();
}
