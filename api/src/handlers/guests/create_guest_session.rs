//! `POST /guest_sessions`: logs a guest in after they pressed the button of the link's page.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use parlour_domain::id::SessionId;
use parlour_wire::{GuestAppointments, LinkToken};
use uuid::Uuid;

use crate::{
    app::App,
    auth::{
        CurrentSchool, GuestSessions, cookies,
        guest_link::{is_inviter, link_of},
    },
    keys::Audience,
    problem::{ApiError, ApiResult},
    request::{Body, checked},
    store::{Error, LinkError, guests},
    views,
};

/// Starts a session on the link, and keeps the browser's other guest sessions.
///
/// # Errors
/// `not_found`, `invite_removed`, `link_dead`, `link_renewed`, `access_ended`, `own_invite`.
pub async fn create_guest_session(
    app: Data<App>,
    req: HttpRequest,
    CurrentSchool(school): CurrentSchool,
    sessions: GuestSessions,
    body: Body<LinkToken>,
) -> ApiResult {
    checked(&body.value)?;
    let (invite, generation) = link_of(&app, school.id(), &body.value.token).await?;
    let (ctx, school_id) = (app.context(), school.id());
    let now = ctx.now;
    let inviter =
        app.store.read(move |db| guests::open(db, school_id, invite, now)).await?.parent.id.0;
    if is_inviter(&req, inviter).await {
        return Err(LinkError::OwnInvite.into());
    }
    let (link, old) = ((invite, generation), sessions.ids);
    let (started, opened) = app
        .store
        .write(move |db| guests::create_guest_session(db, &ctx, school_id, link, &old))
        .await?;
    let life = opened
        .views
        .iter()
        .map(|view| view.evening.ends_at.0 + parlour_domain::invite::LINK_GRACE - now)
        .max()
        .unwrap_or_default();
    let ids: Vec<Uuid> = started.into_iter().map(|SessionId(id)| id).collect();
    let value = app
        .keys
        .cookie(Audience::Guest, &ids, now + life)
        .map_err(|_| ApiError::from(Error::Internal))?;
    let invites = opened.views.iter().map(|view| views::guest_invite(&school, view)).collect();
    Ok(HttpResponse::Created()
        .cookie(cookies::make(&app.config, &req, cookies::GUEST, value, life))
        .json(GuestAppointments { invites }))
}
