//! `GET /evenings/{evening_id}`.

use actix_web::web::{Data, Json};
use parlour_domain::scope::Scope;
use parlour_wire::Evening;

use crate::{app::App, auth::Asker, problem::Answer, request::EveningPath, store::evenings, views};

/// One evening.
///
/// # Errors
/// `not_found`, `scope_missing`.
pub async fn get_evening(
    app: Data<App>,
    asker: Asker,
    EveningPath(evening): EveningPath,
) -> Answer<Json<Evening>> {
    let (school, whose) = (asker.school().id(), asker.whose(Scope::EveningsRead)?);
    let row = app.store.read(move |db| evenings::find_for(db, school, whose, evening)).await?;
    Ok(Json(views::evening(&row, app.clock.now())))
}
