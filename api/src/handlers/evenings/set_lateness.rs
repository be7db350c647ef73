//! `PUT /evenings/{evening_id}/lateness`: a teacher announces by how many minutes they run late.

use actix_web::web::{Data, Json};
use parlour_wire::Lateness;

use crate::{
    app::App,
    auth::Caller,
    problem::{ApiError, ApiResult},
    request::{Body, EveningPath},
    store::teaching,
};

/// Longest delay in minutes: an appointment with a longer one is better moved.
const MAX_MINUTES: u32 = 60;

/// Stores the delay. People who wait for this teacher see it at once.
///
/// # Errors
/// `wrong_role` for anybody but a teacher, `not_found` for an evening in which the teacher has no
/// part, `invalid`.
pub async fn set_lateness(
    app: Data<App>,
    caller: Caller,
    EveningPath(evening): EveningPath,
    body: Body<Lateness>,
) -> ApiResult<Json<Lateness>> {
    let teacher = caller.require_teacher()?;
    let lateness = body.value;
    if lateness.minutes > MAX_MINUTES {
        return Err(ApiError::field("minutes", "range", "Give a number from 0 to 60."));
    }
    let (ctx, school, minutes) = (app.context(), caller.school_id(), lateness.minutes);
    app.store
        .write(move |db| teaching::set_lateness(db, &ctx, school, evening, teacher, minutes))
        .await?;
    Ok(Json(lateness))
}
