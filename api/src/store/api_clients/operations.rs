//! Changes of an API client that depend on its version, named after the contract's operations.

use parlour_domain::id::{ClientId, PersonId, SchoolId};

use super::{ApiClient, ApiClientSettings, change, find, revoke};
use crate::{
    context::Context,
    store::{Db, Result, locks::LockRank, version::ExpectedVersion},
};

/// Changes an API client.
///
/// # Errors
/// The errors of [`change`]; [`Error::Changed`](crate::store::Error::Changed).
pub fn change_client(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    staff: PersonId,
    client: ClientId,
    expected: &ExpectedVersion<ApiClient>,
    to: impl FnOnce(&mut ApiClientSettings),
) -> Result<ApiClient> {
    expected.check(db, LockRank::ApiClient, client, |db| find(db, school, client, ctx.now))?;
    change(db, ctx, school, staff, client, to)
}

/// Revokes an API client.
///
/// # Errors
/// The errors of [`revoke`]; [`Error::Changed`](crate::store::Error::Changed).
pub fn revoke_client(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    staff: PersonId,
    client: ClientId,
    expected: &ExpectedVersion<ApiClient>,
) -> Result<()> {
    expected.check(db, LockRank::ApiClient, client, |db| find(db, school, client, ctx.now))?;
    revoke(db, ctx, school, staff, client)
}
