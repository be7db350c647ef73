//! `GET /evenings/{evening_id}/schedule`: a teacher's appointments, and who is there.

use actix_web::web::{Data, Json};
use parlour_wire::Schedule;

use crate::{
    app::App,
    auth::Caller,
    problem::Answer,
    request::EveningPath,
    store::{evenings, teaching},
    views,
};

/// The teacher's own appointments, by time, with who is there now.
///
/// # Errors
/// `wrong_role` for anybody but a teacher, `not_found`.
pub async fn get_schedule(
    app: Data<App>,
    caller: Caller,
    EveningPath(evening): EveningPath,
) -> Answer<Json<Schedule>> {
    let teacher = caller.teacher()?;
    let (school, whose, now) = (caller.school_id(), caller.whose(), app.clock.now());
    let (row, late_minutes, appointments) = app
        .store
        .read(move |db| {
            let row = evenings::find_for(db, school, whose, evening)?;
            Ok((
                row,
                teaching::late_minutes(db, evening, &[teacher])?,
                teaching::appointments(db, evening, teacher, now)?,
            ))
        })
        .await?;
    Ok(Json(views::schedule(&row, late_minutes, &appointments, now)))
}
