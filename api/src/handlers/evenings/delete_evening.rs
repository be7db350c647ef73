//! `DELETE /evenings/{evening_id}`: deletes a draft.

use actix_web::{HttpResponse, web::Data};
use parlour_domain::scope::Scope;

use crate::{
    app::App,
    auth::Asker,
    precondition::IfMatch,
    problem::Answer,
    request::EveningPath,
    store::{evening_setup, locks::LockRank},
    views::evenings as views,
};

/// Deletes it for good.
///
/// # Errors
/// `wrong_role`, `scope_missing`, `not_found`, `evening_published`, `precondition_failed`.
pub async fn delete_evening(
    app: Data<App>,
    asker: Asker,
    EveningPath(evening): EveningPath,
    if_match: IfMatch,
) -> Answer {
    asker.office(Scope::EveningsWrite)?;
    let (ctx, school, actor) = (app.context(), asker.school().clone(), asker.actor());
    app.store
        .write(move |db| {
            if_match.check(db, LockRank::Evening, evening, |db| {
                Ok(views::settings(evening_setup::settings(db, school.id(), evening)?, &school))
            })?;
            evening_setup::delete(db, &ctx, school.id(), evening, &actor)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
