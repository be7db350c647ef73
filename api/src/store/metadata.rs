//! The marks of a database, above all its kind: a school's or a playground's. A playground has
//! one-click logins, so a playground server must never open a school's data.

use diesel::prelude::*;
use thiserror::Error;

use super::{Db, Result};
use crate::{
    mode::Mode,
    schema::{marks, schools},
    with_conn,
};

const MODE: &str = "mode";

/// The prefix of the names of the demo's marks. Emptying a playground deletes them.
pub const DEMO: &str = "demo:";

/// Returns the value of a mark.
///
/// # Errors
/// Errors of the database.
pub fn get(db: &mut Db, name: &str) -> Result<Option<String>> {
    Ok(marks::table.find(name).select(marks::value).first(db).optional()?)
}

/// Sets a mark.
///
/// # Errors
/// Errors of the database.
pub fn set(db: &mut Db, name: &str, value: &str) -> Result<()> {
    let row = (marks::name.eq(name), marks::value.eq(value));
    with_conn!(db, conn => {
        diesel::insert_into(marks::table)
            .values(row)
            .on_conflict(marks::name)
            .do_update()
            .set(marks::value.eq(value))
            .execute(conn)
    })?;
    Ok(())
}

/// The reason why this server must not open a database.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum WrongDatabase {
    /// The database belongs to a server of another kind.
    #[error(
        "the database is marked as {found:?} and this server needs one marked as {needed:?}; \
         check PARLOUR_MODE and DATABASE_URL"
    )]
    Other {
        /// The mark of the database.
        found: String,
        /// The mark that this server needs.
        needed: &'static str,
    },
    /// The database was never marked.
    #[error(
        "the database is not marked as {needed:?}; run `parlour migrate` with the same settings \
         first"
    )]
    None {
        /// The mark that this server needs.
        needed: &'static str,
    },
    /// The database was never marked and already holds a school.
    #[error(
        "the database holds schools but no mark, so it can't be told whether they are real; start \
         with a new database"
    )]
    Unmarked,
}

/// Checks that the database is marked for this mode.
///
/// # Errors
/// Fails if the database fails. The inner error is [`WrongDatabase`].
pub fn check_mode(db: &mut Db, mode: Mode) -> Result<std::result::Result<(), WrongDatabase>> {
    let found: Option<String> =
        marks::table.find(MODE).select(marks::value).first(db).optional()?;
    let needed = mode.database_kind();
    Ok(match found {
        Some(found) if found == needed => Ok(()),
        Some(found) => Err(WrongDatabase::Other { found, needed }),
        None => Err(WrongDatabase::None { needed }),
    })
}

/// Marks a new database for this mode, or checks the mark of a marked one.
///
/// # Errors
/// Fails if the database fails. The inner error is [`WrongDatabase`].
pub fn claim_for_mode(db: &mut Db, mode: Mode) -> Result<std::result::Result<(), WrongDatabase>> {
    let marked: i64 = marks::table.find(MODE).count().get_result(db)?;
    let schools: i64 = schools::table.count().get_result(db)?;
    if marked == 0 && schools > 0 {
        return Ok(Err(WrongDatabase::Unmarked));
    }
    let row = (marks::name.eq(MODE), marks::value.eq(mode.database_kind()));
    with_conn!(db, conn =>
        diesel::insert_into(marks::table).values(row).on_conflict_do_nothing().execute(conn)
    )?;
    check_mode(db, mode)
}
