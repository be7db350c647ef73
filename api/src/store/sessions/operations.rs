//! Logins and choice of identity, each in one transaction. Each answers with all identities that
//! the session's address has.

use chrono::{DateTime, Utc};
use parlour_domain::id::{PersonId, SchoolId};
use uuid::Uuid;

use super::{Identity, PersonSession, Proof, Role, choose, identities, start};
use crate::{
    context::Context,
    store::{
        Db, LinkError, Result,
        login::{self, GivenCode, LoginLinkRow},
        people::{self, PersonRow},
    },
};

/// A session, and all identities that its address has.
pub type WithIdentities = (PersonSession, Vec<Identity>);

/// Finds a usable login link, and the parent whom it logs in if it is for one person only.
///
/// # Errors
/// Those of [`login::find_usable`].
pub fn find_login_link(
    db: &mut Db,
    school: SchoolId,
    id: Uuid,
    now: DateTime<Utc>,
    key_hash: Option<&str>,
) -> Result<(LoginLinkRow, Option<PersonRow>)> {
    let link = login::find_usable(db, school, id, now, key_hash)?;
    let person =
        link.person_id.map(|person| people::find(db, school, person.into())).transpose()?;
    Ok((link, person))
}

/// Starts a session with a login link and uses the link up.
///
/// # Errors
/// Those of [`login::find_usable`], [`login::consume`] and [`start`].
pub fn create_session_by_link(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    id: Uuid,
    key_hash: Option<&str>,
) -> Result<WithIdentities> {
    let link = login::find_usable(db, school, id, ctx.now, key_hash)?;
    login::consume(db, &link, ctx.now, key_hash)?;
    start_by(db, ctx, school, &link)
}

/// Starts a session with the code of a login mail. The inner error is committed, so that the try
/// counts.
///
/// # Errors
/// Those of [`login::try_code`] and [`start`].
pub fn create_session_by_code(
    db: &mut Db,
    ctx: &Context,
    given: &GivenCode,
) -> Result<std::result::Result<WithIdentities, LinkError>> {
    match login::try_code(db, ctx, given)? {
        Err(dead) => Ok(Err(dead)),
        Ok(link) => start_by(db, ctx, given.school, &link).map(Ok),
    }
}

/// Sets the identity of a session.
///
/// # Errors
/// Those of [`choose`].
pub fn choose_identity(
    db: &mut Db,
    session: &PersonSession,
    person: PersonId,
    role: Role,
) -> Result<WithIdentities> {
    let chosen = choose(db, session, person, role)?;
    let all = identities(db, session.school, &session.address_key)?;
    Ok((chosen, all))
}

fn start_by(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    link: &LoginLinkRow,
) -> Result<WithIdentities> {
    let proof = match link.person_id.map(PersonId::from) {
        None => Proof::Address,
        Some(person) if link.is_standing => Proof::StandingLink(person),
        Some(person) => Proof::Parent(person),
    };
    let session = start(db, ctx, school, &link.email_key, proof)?;
    let all = identities(db, school, &link.email_key)?;
    Ok((session, all))
}
