//! `DELETE /evenings/{evening_id}`: deletes a draft.

use actix_web::{HttpResponse, web::Data};
use parlour_domain::scope::Scope;

use crate::{app::App, auth::Asker, problem::Answer, request::EveningPath, store::evening_setup};

/// Deletes it for good.
///
/// # Errors
/// `wrong_role`, `scope_missing`, `not_found`, `evening_published`.
pub async fn delete_evening(app: Data<App>, asker: Asker, EveningPath(evening): EveningPath) -> Answer {
    asker.office(Scope::EveningsWrite)?;
    let (ctx, school, actor) = (app.context(), asker.school().id(), asker.actor());
    app.store.write(move |db| evening_setup::delete(db, &ctx, school, evening, &actor)).await?;
    Ok(HttpResponse::NoContent().finish())
}
