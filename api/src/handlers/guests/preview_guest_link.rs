//! `POST /guest_links/preview`: the school, the date, the guest and the inviting parent of a link,
//! without students and times (I8). Changes nothing, so that a mail scanner may call it.

use actix_web::{
    HttpRequest,
    web::{Data, Json},
};
use parlour_wire::{GuestLinkPreview, LinkToken};

use crate::{
    app::App,
    auth::{
        CurrentSchool, GuestSessions,
        guest_link::{invite_of, is_inviter},
    },
    problem::ApiResult,
    request::{Body, checked},
    store::guests::{self, LinkPreview},
    views::moment,
};

/// Returns the data that the link's page shows before the button is pressed.
///
/// # Errors
/// `not_found`, `invite_removed`, `link_dead`, `link_renewed`, `access_ended`.
pub async fn preview_guest_link(
    app: Data<App>,
    req: HttpRequest,
    CurrentSchool(school): CurrentSchool,
    sessions: GuestSessions,
    body: Body<LinkToken>,
) -> ApiResult<Json<GuestLinkPreview>> {
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
