//! `GET /ice_servers`: the STUN and TURN servers by which browsers find a route to each other.

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

/// Returns the servers with credentials for this session. With the `booking_id` of an open call,
/// the credentials expire some time after the end of the call. Otherwise they are valid for a short
/// check of one's devices.
///
/// # Errors
/// `not_logged_in`; `access_ended`, `invite_removed`, `link_dead`; `not_found` for somebody else's
/// call.
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

/// Finds the visitor of a call in a browser with a person's session. A parent may be another
/// parent's guest in the same browser, so the guest sessions are tried second.
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

/// The newest guest session of this browser whose link still works, if there is one.
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
