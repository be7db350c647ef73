//! `GET /bookings/{booking_id}/call`: the door of a call, for its parent and its teachers.

use actix_web::web::{Data, Json};
use parlour_wire::CallDoor;

use crate::{
    app::App,
    auth::{LoggedIn, call_visitor},
    problem::ApiResult,
    request::BookingPath,
    store::calls,
    views,
};

/// Returns the door: the state of the call before one enters it. Changes nothing.
///
/// # Errors
/// `not_found`, `wrong_role`, `booking_cancelled`, `not_a_video_call`.
pub async fn get_call(
    app: Data<App>,
    caller: LoggedIn,
    BookingPath(booking): BookingPath,
) -> ApiResult<Json<CallDoor>> {
    let (visitor, now) = (call_visitor::person(caller, booking)?, app.clock.now());
    let (door, next) = app.store.read(move |db| calls::get_call(db, &visitor, now)).await?;
    Ok(Json(views::call_door(&visitor, &door, next.as_ref(), now)))
}
