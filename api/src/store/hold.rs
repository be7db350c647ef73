//! Holds a row until the transaction's end, so that what is read of it stays true while it is
//! changed.

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

/// Holds it. SQLite has one writer, who holds everything. What refers to a booking is written
/// meanwhile: whoever keeps what happens in its call holds the call and not the booking, and would
/// otherwise wait for the one who closes that call.
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
    let how = if kind == Kind::Booking { "no key update" } else { "update" };
    if let Db::Pg(conn) = db {
        diesel::sql_query(format!("select 1 from {table} where id = $1 for {how}"))
            .bind::<Id, _>(id)
            .execute(conn)?;
    }
    Ok(())
}
