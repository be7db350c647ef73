//! A guest's link: the invite that its token names, and whether a newer link has replaced it.

use actix_web::HttpRequest;
use parlour_domain::id::{InviteId, SchoolId};

use super::LoggedIn;
use crate::{
    app::App,
    keys::{ParsedToken, Purpose},
    problem::{ApiError, ApiResult},
    store::{Error, LinkError, guests},
};

/// The invite that a genuine token names. A link that was renewed has another generation, and the
/// older token is dead.
///
/// # Errors
/// `link_renewed` for a token of an earlier generation, `not_found` for anything else.
pub async fn invite_of(app: &App, school: SchoolId, token: &str) -> ApiResult<InviteId> {
    Ok(link_of(app, school, token).await?.0)
}

/// The same with the link's generation, for those who write: it may be renewed between this reading
/// and their transaction.
///
/// # Errors
/// Those of [`invite_of`].
pub async fn link_of(app: &App, school: SchoolId, token: &str) -> ApiResult<(InviteId, i32)> {
    let link = any_link_of(app, school, token).await?;
    if link.is_renewed {
        Err(Error::Link(LinkError::Renewed).into())
    } else {
        Ok((link.invite, link.generation))
    }
}

/// A guest's link, as a genuine token names it.
#[derive(Clone, Copy, Debug)]
pub struct GuestLink {
    /// The invite.
    pub invite: InviteId,
    /// The token's generation.
    pub generation: i32,
    /// Whether there is a newer one.
    pub is_renewed: bool,
}

/// The link that a genuine token names, also one that was renewed.
///
/// # Errors
/// `not_found` for a token that is none of ours.
pub async fn any_link_of(app: &App, school: SchoolId, token: &str) -> ApiResult<GuestLink> {
    let token = ParsedToken::parse(token).ok_or_else(ApiError::not_found)?;
    let invite = InviteId(token.id);
    let newest = app.store.read(move |db| guests::generation(db, school, invite)).await?;
    let of_token = (0..=newest)
        .rev()
        .find(|generation| app.keys.is_genuine(Purpose::Guest, &token, *generation));
    let generation = of_token.ok_or_else(ApiError::not_found)?;
    Ok(GuestLink { invite, generation, is_renewed: generation < newest })
}

/// Whether this browser is logged in as the parent who sent the invite.
pub async fn is_inviter(req: &HttpRequest, parent: uuid::Uuid) -> bool {
    LoggedIn::of(req)
        .await
        .ok()
        .and_then(|caller| caller.session.identity)
        .is_some_and(|(person, _)| person.id.0 == parent)
}
