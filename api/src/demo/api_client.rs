//! The API client of a sandbox. Its credentials are the same in every sandbox and after every
//! reset, so that a vendor needs to configure them only once.

use diesel::prelude::*;
use parlour_domain::{
    id::{ClientId, ClientSecretId},
    scope::{Scope, Scopes},
};
use uuid::{Uuid, uuid};

use super::actors;
use crate::{
    context::Context,
    keys::{Keys, Purpose},
    schema::{api_client_secrets, api_clients},
    store::{
        Db, Result,
        api_clients::{ApiClientRow, ApiClientSecretRow},
        sql_types::{at, key},
    },
    with_conn,
};

const CLIENT: Uuid = uuid!("01a0a000-5a4d-7b0c-8000-000000000001");
const SECRET: Uuid = uuid!("01a0a000-5a4d-7b0c-8000-000000000002");
/// The rate limit is high, so that nobody is slowed down while trying things out.
const REQUESTS_PER_MINUTE: i32 = 6_000;

/// The credentials of the API client.
pub struct Credentials {
    /// The `client_id`.
    pub id: ClientId,
    /// The `client_secret`.
    pub secret: String,
}

/// The credentials with which the sandbox's API client gets its tokens.
#[must_use]
pub fn credentials(keys: &Keys) -> Credentials {
    Credentials { id: ClientId(CLIENT), secret: keys.link_token(Purpose::Client, SECRET, 0) }
}

/// Returns whether a database is a sandbox's: its API client exists, even if it was revoked.
///
/// # Errors
/// Errors of the database.
pub fn is_sandbox(db: &mut Db) -> Result<bool> {
    Ok(api_clients::table.find(key(CLIENT)).count().get_result::<i64>(db)? > 0)
}

/// Creates the API client of the demo school, with all scopes. An existing one is kept, including
/// what staff have changed or revoked.
///
/// # Errors
/// [`crate::store::Error::NotFound`] when the demo is not loaded; also when the database fails.
pub fn create(db: &mut Db, ctx: &Context) -> Result<()> {
    let actors = actors(db)?;
    let client = ApiClientRow {
        id: key(CLIENT),
        school_id: key(actors.school),
        name: "Sandbox".to_owned(),
        scopes: Scope::ALL.into_iter().collect::<Scopes>().to_string(),
        requests_per_minute: REQUESTS_PER_MINUTE,
        created_by: key(actors.staff),
        created_at: at(ctx.now),
        used_at: None,
    };
    let made = with_conn!(db, conn =>
        diesel::insert_into(api_clients::table)
            .values(&client)
            .on_conflict_do_nothing()
            .execute(conn)
    )?;
    if made == 1 {
        let secret = ApiClientSecretRow {
            id: key(ClientSecretId(SECRET)),
            client_id: client.id,
            created_at: at(ctx.now),
            expires_at: None,
        };
        diesel::insert_into(api_client_secrets::table).values(&secret).execute(db)?;
    }
    Ok(())
}
