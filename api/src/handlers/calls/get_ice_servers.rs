//! `GET /ice_servers`: what a browser needs to find a way to another one.

use actix_web::{
    HttpRequest,
    web::{Data, Json, Query},
};
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use parlour_domain::{
    call::RELAY_CHECK,
    id::{BookingId, SessionId},
};
use parlour_wire::IceServers;

use crate::{
    app::App,
    auth::{GuestSessions, LoggedIn, call_visitor},
    calls::ice,
    problem::ApiResult,
    request::CallQuery,
    store::{
        calls::{Door, Visitor},
        guests,
    },
    views,
};

/// The servers, with credentials of the session: for the call that is named, while it is open, or
/// for a look at one's devices.
///
/// # Errors
/// `not_logged_in`; `access_ended`, `invite_removed`, `link_dead`; `not_found` for a call that is
/// not one's own.
pub async fn get_ice_servers(
    app: Data<App>,
    req: HttpRequest,
    guest: GuestSessions,
    query: Query<CallQuery>,
) -> ApiResult<Json<IceServers>> {
    let (now, zone) = (app.clock.now(), guest.school.zone());
    let (session, ends_at) = match query.booking() {
        Some(booking) => {
            let (visitor, door) = match LoggedIn::of(&req).await {
                Ok(person) => of_person(&app, person, booking, &guest).await?,
                Err(refusal) if guest.ids.is_empty() => return Err(refusal),
                Err(_) => call_visitor::guest(&app, guest, booking).await?,
            };
            (visitor.session, door.times.relay_ends_at(now))
        }
        None => match LoggedIn::of(&req).await {
            Ok(person) => (person.session.id, now + RELAY_CHECK),
            Err(refusal) => {
                (guest_session(&app, guest, now).await?.ok_or(refusal)?, now + RELAY_CHECK)
            }
        },
    };
    let expires_at = ends_at.duration_trunc(TimeDelta::seconds(1)).unwrap_or(ends_at);
    let name = app.keys.hash("relay user", session.0.as_bytes());
    let servers = ice::servers(&app.config.ice, &name, expires_at);
    Ok(Json(views::ice_servers(servers, &app.config.ice, expires_at, zone)))
}

/// Somebody who is logged in, in the role of the call: a parent may be another's guest, in the same
/// browser.
async fn of_person(
    app: &App,
    person: LoggedIn,
    booking: BookingId,
    guest: &GuestSessions,
) -> ApiResult<(Visitor, Door)> {
    let own = match call_visitor::person(person, booking) {
        Ok(visitor) => call_visitor::door(app, visitor).await,
        Err(refusal) => Err(refusal),
    };
    match own {
        Err(_) if !guest.ids.is_empty() => call_visitor::guest(app, guest.clone(), booking).await,
        own => own,
    }
}

/// The newest guest session of this browser that opens something; none without any.
async fn guest_session(
    app: &App,
    guest: GuestSessions,
    now: DateTime<Utc>,
) -> ApiResult<Option<SessionId>> {
    if guest.ids.is_empty() {
        return Ok(None);
    }
    let (school, ids) = (guest.school.id(), guest.ids);
    Ok(app.store.read(move |db| guests::newest_open_session(db, school, &ids, now)).await?)
}
