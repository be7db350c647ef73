//! `GET /evenings/{evening_id}/settings`: all settings of an evening.

use actix_web::{HttpRequest, web::Data};
use parlour_domain::scope::Scope;

use crate::{
    app::App, auth::Principal, precondition::with_etag, problem::ApiResult, request::EveningPath,
    store::evening_setup, views::evenings as views,
};

/// Returns the settings, of drafts too. A later change can require this version by `If-Match`.
///
/// # Errors
/// `wrong_role`, `scope_missing`, `not_found`.
pub async fn get_evening_settings(
    req: HttpRequest,
    app: Data<App>,
    principal: Principal,
    EveningPath(evening): EveningPath,
) -> ApiResult {
    principal.require_office(Scope::EveningsRead)?;
    let school = principal.school().clone();
    let id = school.id();
    let settings = app.store.read(move |db| evening_setup::settings(db, id, evening)).await?;
    with_etag(&req, &views::settings(&settings, &school))
}
