//! `GET /evenings/{evening_id}`.

use actix_web::web::{Data, Json};
use parlour_wire::Evening;

use crate::{app::App, auth::Caller, problem::Answer, request::EveningPath, store::evenings, views};

/// One evening.
///
/// # Errors
/// `not_found`.
pub async fn get_evening(app: Data<App>, caller: Caller, EveningPath(evening): EveningPath) -> Answer<Json<Evening>> {
    let (school, whose) = (caller.school_id(), caller.whose());
    let row = app.store.read(move |db| evenings::find_for(db, school, whose, evening)).await?;
    Ok(Json(views::evening(&row, app.clock.now())))
}
