//! The mark of a database: whether it is a school's or a playground's. A playground has one-click
//! logins, so it must never open a school's data.

use diesel::prelude::*;
use thiserror::Error;

use super::{Db, Result};
use crate::{
    mode::Mode,
    schema::{marks, schools},
    with_conn,
};

const MODE: &str = "mode";

/// What the names of the demo's marks begin with. They go when a playground is emptied.
pub const DEMO: &str = "demo:";

/// The value of a mark.
///
/// # Errors
/// What the database says.
pub fn get(db: &mut Db, name: &str) -> Result<Option<String>> {
    Ok(marks::table.find(name).select(marks::value).first(db).optional()?)
}

/// Sets a mark.
///
/// # Errors
/// What the database says.
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

/// A database that this server must not open.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum WrongDatabase {
    /// It belongs to a server of another kind.
    #[error(
        "the database is marked as {found:?} and this server needs one marked as {needed:?}; \
         check PARLOUR_MODE and DATABASE_URL"
    )]
    Other {
        /// How it is marked.
        found: String,
        /// How it must be.
        needed: &'static str,
    },
    /// It was never marked.
    #[error(
        "the database is not marked as {needed:?}; run `parlour migrate` with the same settings \
         first"
    )]
    None {
        /// How it must be.
        needed: &'static str,
    },
    /// It was never marked and holds a school already.
    #[error(
        "the database holds schools but no mark, so it can't be told whether they are real; start \
         with a new database"
    )]
    Unmarked,
}

/// Checks that the database is one for this mode.
///
/// # Errors
/// What the database says. [`WrongDatabase`] inside.
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

/// Marks a new database for this mode, and checks the mark of one that has one.
///
/// # Errors
/// What the database says. [`WrongDatabase`] inside.
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
