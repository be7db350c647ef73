//! `GET /check_socket`: a WebSocket at any time, for the check of one's devices and network.

use actix_web::{
    HttpRequest,
    web::{self, Data},
};

use super::upgrade;
use crate::{
    app::App,
    auth::{GuestSessions, LoggedIn},
    problem::{Answer, ApiError},
    store::guests,
};

/// Opens it. It answers `ping` and touches no call.
///
/// # Errors
/// `not_logged_in`; `access_ended`, `invite_removed`, `link_dead`; `upgrade_required`, `bad_origin`.
pub async fn open_check_socket(app: Data<App>, req: HttpRequest, body: web::Payload, guest: GuestSessions) -> Answer {
    if let Err(refusal) = LoggedIn::of(&req).await {
        let (school, ids, now) = (guest.school.id(), guest.ids, app.clock.now());
        let opened = app.store.read(move |db| guests::of_sessions(db, school, &ids, now)).await?;
        if opened.views.is_empty() {
            return Err(opened.dead.map_or(refusal, ApiError::from));
        }
    }
    upgrade::check(&req).await?;
    upgrade::open_check(&req, body)
}
