//! `GET /evenings/{evening_id}/settings`: everything that was set of an evening.

use actix_web::web::{Data, Json};
use parlour_domain::scope::Scope;
use parlour_wire::EveningSettings;

use crate::{app::App, auth::Asker, problem::Answer, request::EveningPath, store::evening_setup, views::evenings as views};

/// What was set, drafts included.
///
/// # Errors
/// `wrong_role`, `scope_missing`, `not_found`.
pub async fn get_evening_settings(app: Data<App>, asker: Asker, EveningPath(evening): EveningPath) -> Answer<Json<EveningSettings>> {
    asker.office(Scope::EveningsRead)?;
    let school = asker.school().clone();
    let id = school.id();
    let settings = app.store.read(move |db| evening_setup::settings(db, id, evening)).await?;
    Ok(Json(views::settings(settings, &school)))
}
