//! People of the demo's roster that the code refers to.

use diesel::prelude::*;
use parlour_domain::id::PersonId;

use crate::{
    schema::people,
    store::{Db, Result, sql_types::Key},
};

/// Rachel Aaron, the parent in the docs' example.
pub(super) const PARENT: &str = "p-rachel-aaron";
/// The address of the guest of Rachel Aaron's invite.
pub(super) const GUEST_EMAIL: &str = "jordan.aaron@example.org";

/// Finds a person of the school by their id in the roster.
pub(super) fn person(db: &mut Db, school: Key, sourced_id: &str) -> Result<PersonId> {
    let id: Key = people::table
        .filter(people::school_id.eq(school).and(people::sourced_id.eq(sourced_id)))
        .select(people::id)
        .first(db)?;
    Ok(id.into())
}
