//! `GET /evenings/{evening_id}`: one evening.

use actix_web::web::{Data, Json};
use parlour_domain::scope::Scope;
use parlour_wire::Evening;

use crate::{
    app::App, auth::Principal, problem::ApiResult, request::EveningPath, store::evenings, views,
};

/// Returns one evening.
///
/// # Errors
/// `not_found`, `scope_missing`.
pub async fn get_evening(
    app: Data<App>,
    principal: Principal,
    EveningPath(evening): EveningPath,
) -> ApiResult<Json<Evening>> {
    let (school, whose) =
        (principal.school().id(), principal.evening_visibility(Scope::EveningsRead)?);
    let row = app.store.read(move |db| evenings::find_for(db, school, whose, evening)).await?;
    Ok(Json(views::evening(&row, app.clock.now())))
}
