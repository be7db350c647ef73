//! `GET /check_socket`: a WebSocket for the check of devices and network, available at any time.

use actix_web::{
    HttpRequest,
    web::{self, Data},
};
use parlour_domain::id::SessionId;

use super::upgrade;
use crate::{
    app::App,
    auth::{GuestSessions, LoggedIn},
    problem::{ApiError, ApiResult},
    store::guests,
};

/// Opens the WebSocket. It answers `ping` and touches no call.
///
/// # Errors
/// `not_logged_in`; `access_ended`, `invite_removed`, `link_dead`; `upgrade_required`,
/// `bad_origin`; `too_many_requests`.
pub async fn open_check_socket(
    app: Data<App>,
    req: HttpRequest,
    body: web::Payload,
    guest: GuestSessions,
) -> ApiResult {
    let session = match LoggedIn::of(&req).await {
        Ok(caller) => caller.session.id,
        Err(refusal) => of_guest(&app, guest, refusal).await?,
    };
    upgrade::check(&req).await?;
    upgrade::open_check(&req, body, session)
}

/// The newest guest session of the browser, if any of its sessions still opens an invite.
async fn of_guest(app: &App, guest: GuestSessions, refusal: ApiError) -> ApiResult<SessionId> {
    let (school, ids, now) = (guest.school.id(), guest.ids, app.clock.now());
    let newest = ids.first().copied();
    let opened = app.store.read(move |db| guests::of_sessions(db, school, &ids, now)).await?;
    match newest.filter(|_| !opened.views.is_empty()) {
        Some(session) => Ok(session),
        None => Err(opened.dead.map_or(refusal, ApiError::from)),
    }
}
