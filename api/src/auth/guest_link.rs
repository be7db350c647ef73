//! A guest's link: verifies its token, and finds its invite and generation.

use actix_web::HttpRequest;
use parlour_domain::id::{InviteId, SchoolId};

use super::LoggedIn;
use crate::{
    app::App,
    keys::{ParsedToken, Purpose},
    problem::{ApiError, ApiResult},
    store::{Error, LinkError, guests},
};

/// The invite of a genuine token. Renewing a link raises its generation, which makes older tokens
/// void.
///
/// # Errors
/// `link_renewed` for a token of an earlier generation, `not_found` for anything else.
pub async fn invite_of(app: &App, school: SchoolId, token: &str) -> ApiResult<InviteId> {
    Ok(link_of(app, school, token).await?.0)
}

/// The invite with the link's generation. A handler that writes passes the generation to its
/// transaction, because the link may be renewed between this read and the write.
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

/// A guest's link with a genuine token.
#[derive(Clone, Copy, Debug)]
pub struct GuestLink {
    /// The invite.
    pub invite: InviteId,
    /// The token's generation.
    pub generation: i32,
    /// True if a newer generation exists, which makes this link void.
    pub is_renewed: bool,
}

/// The link of a genuine token, even if it was renewed since.
///
/// # Errors
/// `not_found` for a token that this server did not issue.
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

/// Returns whether this browser is logged in as the parent who sent the invite.
pub async fn is_inviter(req: &HttpRequest, parent: uuid::Uuid) -> bool {
    LoggedIn::of(req)
        .await
        .ok()
        .and_then(|caller| caller.session.identity)
        .is_some_and(|(person, _)| person.id.0 == parent)
}
