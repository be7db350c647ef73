//! `GET /evenings/{evening_id}/schedule`: a teacher's appointments.

use actix_web::web::{Data, Json};
use parlour_wire::Schedule;

use crate::{
    app::App,
    auth::Caller,
    problem::{Answer, ApiError},
    request::EveningPath,
    store::{bookings, evenings, sessions::Role},
    views,
};

/// The teacher's own appointments, by time.
///
/// # Errors
/// `wrong_role` for anybody but a teacher, `not_found`.
pub async fn get_schedule(app: Data<App>, caller: Caller, EveningPath(evening): EveningPath) -> Answer<Json<Schedule>> {
    if caller.role != Role::Teacher {
        return Err(ApiError::wrong_role());
    }
    let (school, whose, teacher) = (caller.school_id(), caller.whose(), caller.person.id());
    let (row, booked) = app
        .store
        .read(move |db| {
            let row = evenings::find_for(db, school, whose, evening)?;
            let booked = bookings::of_teacher(db, evening, teacher)?;
            Ok((row, booked))
        })
        .await?;
    let appointments = booked.iter().map(|(booking, parent)| views::scheduled(booking, parent, row.zone())).collect();
    Ok(Json(Schedule { evening: views::evening(&row, app.clock.now()), appointments }))
}
