//! Logins and the choice of an identity, each in one transaction, with all that the session's
//! address may be.

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

/// A session, and all that its address may be.
pub type WithIdentities = (PersonSession, Vec<Identity>);

/// A login link that may be used, with the parent whom it logs in, if it is one person's.
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

/// Starts a session by a login link, and uses the link up.
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

/// Starts a session by the code of a login mail. The inner error is committed: the try counts.
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

/// Sets who a session is.
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
