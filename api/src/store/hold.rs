//! Holds a row until the transaction's end, so that what is read of it stays true while it is changed.

use diesel::RunQueryDsl;

use super::{
    Db, Result,
    sql_types::{Id, Key},
};

/// Whose row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Kind {
    Booking,
    Client,
    Evening,
    Invite,
    Webhook,
}

/// Holds it. SQLite has one writer, who holds everything.
///
/// # Errors
/// What the database says; a row that is not there is held by nobody.
pub fn hold(db: &mut Db, kind: Kind, id: Key) -> Result<()> {
    let table = match kind {
        Kind::Booking => "bookings",
        Kind::Client => "api_clients",
        Kind::Evening => "evenings",
        Kind::Invite => "invites",
        Kind::Webhook => "webhooks",
    };
    if let Db::Pg(conn) = db {
        diesel::sql_query(format!("select 1 from {table} where id = $1 for update")).bind::<Id, _>(id).execute(conn)?;
    }
    Ok(())
}
