//! `GET /ice_servers`: what a browser needs to find a way to another one.

use actix_web::{
    HttpRequest,
    web::{Data, Json},
};
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use parlour_wire::IceServers;

use crate::{
    app::App,
    auth::{GuestSessions, LoggedIn},
    calls::ice,
    problem::{Answer, ApiError},
    store::guests,
    views,
};

/// How long TURN credentials live: longer than any evening, since a connection renews its relay with those it began with.
const LIFE: TimeDelta = TimeDelta::hours(6);

/// The servers, with credentials made for this answer. A guest's end with their link.
///
/// # Errors
/// `not_logged_in`; `access_ended`, `invite_removed`, `link_dead`.
pub async fn get_ice_servers(app: Data<App>, req: HttpRequest, guest: GuestSessions) -> Answer<Json<IceServers>> {
    let now = app.clock.now();
    let zone = guest.school.zone();
    let ends_at = match LoggedIn::of(&req).await {
        Ok(_) => now + LIFE,
        Err(refusal) => guest_link_ends(&app, guest, now).await?.ok_or(refusal)?.min(now + LIFE),
    };
    let expires_at = ends_at.duration_trunc(TimeDelta::seconds(1)).unwrap_or(ends_at);
    let servers = ice::servers(&app.config.ice, &app.random, expires_at);
    Ok(Json(views::ice_servers(servers, &app.config.ice, expires_at, zone)))
}

/// When the last link of this browser's guest sessions ends; none without any.
async fn guest_link_ends(app: &App, guest: GuestSessions, now: DateTime<Utc>) -> Answer<Option<DateTime<Utc>>> {
    if guest.ids.is_empty() {
        return Ok(None);
    }
    let (school, ids) = (guest.school.id(), guest.ids);
    let opened = app.store.read(move |db| guests::of_sessions(db, school, &ids, now)).await?;
    match (opened.views.iter().map(|view| view.link_ends_at).max(), opened.dead) {
        (None, Some(dead)) => Err(ApiError::from(dead)),
        (ends_at, _) => Ok(ends_at),
    }
}
