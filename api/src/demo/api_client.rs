//! The program that a sandbox is connected with: the same credentials in every sandbox and after
//! every reset, so that a vendor writes them down once.

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
/// Nobody is to wait while they try things out.
const REQUESTS_PER_MINUTE: i32 = 6_000;

/// Id and secret of the program.
pub struct Credentials {
    /// Its `client_id`.
    pub id: ClientId,
    /// Its `client_secret`.
    pub secret: String,
}

/// What the sandbox's program logs in with.
#[must_use]
pub fn credentials(keys: &Keys) -> Credentials {
    Credentials { id: ClientId(CLIENT), secret: keys.link_token(Purpose::Client, SECRET, 0) }
}

/// Whether a database is a sandbox's: the program was connected once, whatever became of it.
///
/// # Errors
/// What the database says.
pub fn is_sandbox(db: &mut Db) -> Result<bool> {
    Ok(api_clients::table.find(key(CLIENT)).count().get_result::<i64>(db)? > 0)
}

/// Connects the program to the demo school, with all scopes. One that staff have changed or revoked
/// stays so.
///
/// # Errors
/// [`crate::store::Error::NotFound`] when the demo is not loaded; what the database says.
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
