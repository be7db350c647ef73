//! `GET /guest/appointments`: the appointments covered by this browser's guest sessions.

use actix_web::web::{Data, Json};
use parlour_wire::GuestAppointments;

use crate::{
    app::App,
    auth::GuestSessions,
    problem::{ApiError, ApiResult},
    store::guests,
    views,
};

/// Returns the appointments of the students covered, grouped by invite.
///
/// # Errors
/// `not_logged_in`; `invite_removed`, `access_ended`, `link_dead` when no invite is left.
pub async fn get_guest_appointments(
    app: Data<App>,
    guest: GuestSessions,
) -> ApiResult<Json<GuestAppointments>> {
    let (school, ids, now) = (guest.school, guest.ids, app.clock.now());
    let school_id = school.id();
    let opened = app.store.read(move |db| guests::of_sessions(db, school_id, &ids, now)).await?;
    if opened.views.is_empty() {
        return Err(opened.dead.map_or_else(ApiError::not_logged_in, ApiError::from));
    }
    Ok(Json(GuestAppointments {
        invites: opened.views.iter().map(|view| views::guest_invite(&school, view)).collect(),
    }))
}
