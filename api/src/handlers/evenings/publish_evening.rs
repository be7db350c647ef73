//! `POST /evenings/{evening_id}/publish`: makes an evening visible to its parents and teachers.

use actix_web::web::{Data, Json};
use parlour_domain::scope::Scope;
use parlour_wire::EveningSettings;

use crate::{
    app::App, auth::Principal, problem::ApiResult, request::EveningPath, store::evening_setup,
    views::evenings as views,
};

/// Publishes a draft or reopens a closed evening. Publishing a published evening changes nothing.
///
/// # Errors
/// `wrong_role`, `scope_missing`, `not_found`, `evening_over`, `no_class_takes_part`,
/// `booking_closed`.
pub async fn publish_evening(
    app: Data<App>,
    principal: Principal,
    EveningPath(evening): EveningPath,
) -> ApiResult<Json<EveningSettings>> {
    principal.require_office(Scope::EveningsWrite)?;
    let (ctx, school, actor) = (app.context(), principal.school().clone(), principal.actor());
    let id = school.id();
    let settings = app
        .store
        .write(move |db| evening_setup::publish_evening(db, &ctx, id, evening, &actor))
        .await?;
    Ok(Json(views::settings(&settings, &school)))
}
