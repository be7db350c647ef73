//! The people of the demo's one-click logins, found by their ids in the demo's roster.

use diesel::prelude::*;
use parlour_domain::id::{EveningId, InviteId, PersonId, SchoolId};

use super::{
    SCHOOL, evenings,
    people::{GUEST_EMAIL, PARENT, person},
};
use crate::{
    schema::{invites, schools},
    store::{
        Db, Result,
        sql_types::{Key, key},
    },
};

const TEACHER: &str = "t-abell";
const STAFF: &str = "o-okafor";

/// The people of the one-click logins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Actors {
    /// The demo school.
    pub school: SchoolId,
    /// Its parents' evening.
    pub evening: EveningId,
    /// Rachel Aaron.
    pub parent: PersonId,
    /// Anita Abell.
    pub teacher: PersonId,
    /// Helen Okafor.
    pub staff: PersonId,
    /// Rachel Aaron's live invite for Jordan Aaron; `None` once it was removed.
    pub invite: Option<InviteId>,
}

/// Finds the people of the one-click logins.
///
/// # Errors
/// [`crate::store::Error::NotFound`] when the demo is not loaded.
pub fn actors(db: &mut Db) -> Result<Actors> {
    let school: Key =
        schools::table.filter(schools::slug.eq(SCHOOL)).select(schools::id).first(db)?;
    let parent = person(db, school, PARENT)?;
    let invite: Option<Key> = invites::table
        .filter(invites::school_id.eq(school).and(invites::parent_id.eq(key(parent))))
        .filter(invites::email_key.eq(GUEST_EMAIL).and(invites::ended_at.is_null()))
        .order(invites::created_at.desc())
        .select(invites::id)
        .first(db)
        .optional()?;
    Ok(Actors {
        school: school.into(),
        evening: evenings::latest(db, school.into())?,
        parent,
        teacher: person(db, school, TEACHER)?,
        staff: person(db, school, STAFF)?,
        invite: invite.map(Into::into),
    })
}
