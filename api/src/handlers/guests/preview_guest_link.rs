//! `POST /guest_links/preview`: whose link it is and by whom, nothing of students or times. Changes
//! nothing, so that a mail scanner may read it.

use actix_web::{
    HttpRequest,
    web::{Data, Json},
};
use parlour_domain::id::{InviteId, SchoolId};
use parlour_wire::{GuestLinkPreview, LinkToken};

use crate::{
    app::App,
    auth::{AtSchool, GuestSessions, LoggedIn},
    keys::{GivenToken, Purpose},
    problem::{Answer, ApiError},
    request::{Body, checked},
    store::{
        Dead, Error,
        guests::{self, LinkPreview},
    },
    views::moment,
};

/// What the link's page shows before the button is pressed.
///
/// # Errors
/// `not_found`, `invite_removed`, `link_dead`, `link_renewed`, `access_ended`.
pub async fn preview_guest_link(
    app: Data<App>,
    req: HttpRequest,
    AtSchool(school): AtSchool,
    sessions: GuestSessions,
    body: Body<LinkToken>,
) -> Answer<Json<GuestLinkPreview>> {
    checked(&body.value)?;
    let invite = invite_of(&app, school.id(), &body.value.token).await?;
    let (school_id, now, ids) = (school.id(), app.clock.now(), sessions.ids);
    let LinkPreview { view, in_session, in_call } = app
        .store
        .read(move |db| guests::preview_guest_link(db, school_id, invite, &ids, now))
        .await?;
    let own_invite = is_inviter(&req, view.parent.id.0).await;
    Ok(Json(GuestLinkPreview {
        school: school.name,
        evening_title: view.evening.title.clone(),
        date: moment(*view.evening.starts_at, view.evening.zone()),
        guest_name: view.invite.name,
        invited_by: view.parent.name(),
        own_invite,
        in_session,
        in_call: Some(in_call),
    }))
}

/// The invite that a genuine token names. A link that was renewed has another generation, and the
/// older token is dead.
///
/// # Errors
/// `link_renewed` for a token of an earlier generation, `not_found` for anything else.
pub async fn invite_of(app: &App, school: SchoolId, token: &str) -> Answer<InviteId> {
    Ok(link_of(app, school, token).await?.0)
}

/// The same with the link's generation, for those who write: it may be renewed between this reading
/// and their transaction.
///
/// # Errors
/// Those of [`invite_of`].
pub async fn link_of(app: &App, school: SchoolId, token: &str) -> Answer<(InviteId, i32)> {
    let link = any_link_of(app, school, token).await?;
    if link.is_renewed {
        Err(Error::Dead(Dead::Renewed).into())
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
pub async fn any_link_of(app: &App, school: SchoolId, token: &str) -> Answer<GuestLink> {
    let token = GivenToken::parse(token).ok_or_else(ApiError::not_found)?;
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
