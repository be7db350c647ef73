//! `GET /evenings/{evening_id}/schedule`: a teacher's appointments and who is present in each call.

use actix_web::web::{Data, Json};
use parlour_wire::Schedule;

use crate::{
    app::App, auth::Caller, problem::ApiResult, request::EveningPath, store::teaching, views,
};

/// Returns the teacher's own appointments by time, with the people who are present now.
///
/// # Errors
/// `wrong_role` for anybody but a teacher, `not_found`.
pub async fn get_schedule(
    app: Data<App>,
    caller: Caller,
    EveningPath(evening): EveningPath,
) -> ApiResult<Json<Schedule>> {
    let teacher = caller.require_teacher()?;
    let (school, now) = (caller.school_id(), app.clock.now());
    let schedule =
        app.store.read(move |db| teaching::get_schedule(db, school, teacher, evening, now)).await?;
    Ok(Json(views::schedule(&schedule, now)))
}
