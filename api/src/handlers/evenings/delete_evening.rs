//! `DELETE /evenings/{evening_id}`: deletes a draft.

use actix_web::{HttpResponse, web::Data};
use parlour_domain::scope::Scope;

use crate::{
    app::App,
    auth::Principal,
    precondition::IfMatch,
    problem::ApiResult,
    request::EveningPath,
    store::evening_setup::{self, Settings},
    views::evenings as views,
};

/// Deletes the draft for good.
///
/// # Errors
/// `wrong_role`, `scope_missing`, `not_found`, `evening_published`, `precondition_failed`.
pub async fn delete_evening(
    app: Data<App>,
    principal: Principal,
    EveningPath(evening): EveningPath,
    if_match: IfMatch,
) -> ApiResult {
    principal.require_office(Scope::EveningsWrite)?;
    let (ctx, school, actor) = (app.context(), principal.school().clone(), principal.actor());
    let id = school.id();
    let expected = if_match.of(move |now: &Settings| views::settings(now, &school));
    app.store
        .write(move |db| evening_setup::delete_evening(db, &ctx, id, evening, &actor, &expected))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
