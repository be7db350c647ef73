//! `GET /guest/appointments/{booking_id}/call`: the door of a call, for an invited guest.

use actix_web::web::{Data, Json};
use parlour_wire::CallDoor;

use crate::{
    app::App,
    auth::GuestSessions,
    problem::{ApiError, ApiResult},
    request::BookingPath,
    store::guests,
    views,
};

/// Returns the door as the guest sees it before entering. Changes nothing.
///
/// # Errors
/// `not_logged_in`, `not_found`, `booking_cancelled`, `not_a_video_call`, `invite_removed`,
/// `access_ended`, `link_dead`.
pub async fn get_guest_call(
    app: Data<App>,
    guest: GuestSessions,
    BookingPath(booking): BookingPath,
) -> ApiResult<Json<CallDoor>> {
    let (school, ids, now) = (guest.school.id(), guest.ids, app.clock.now());
    let (visitor, (door, next)) = app
        .store
        .read(move |db| guests::get_guest_call(db, school, &ids, booking, now))
        .await?
        .ok_or_else(ApiError::not_logged_in)?;
    Ok(Json(views::call_door(&visitor, &door, next.as_ref(), now)))
}
