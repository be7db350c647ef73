//! `PUT /bookings/{booking_id}/record`: a teacher's private note and no-show mark.

use actix_web::web::{Data, Json};
use parlour_wire::AppointmentRecord;

use crate::{
    app::App,
    auth::Caller,
    problem::ApiResult,
    request::{Body, BookingPath, checked},
    store::teaching::{self, TeacherRecord},
};

/// Replaces the record of the appointment.
///
/// # Errors
/// `wrong_role` for anybody but a teacher, `not_found` for another teacher's appointment,
/// `invalid`.
pub async fn set_record(
    app: Data<App>,
    caller: Caller,
    BookingPath(booking): BookingPath,
    body: Body<AppointmentRecord>,
) -> ApiResult<Json<AppointmentRecord>> {
    caller.require_teacher()?;
    checked(&body.value)?;
    let note = body.value.note.replace('\r', "");
    let record = TeacherRecord { no_show: body.value.no_show, note };
    let kept = AppointmentRecord { no_show: record.no_show, note: record.note.clone() };
    let (ctx, school) = (app.context(), caller.school_id());
    app.store
        .write(move |db| teaching::set_record(db, &ctx, school, &caller.person, booking, &record))
        .await?;
    Ok(Json(kept))
}
