//! `POST /evenings/{evening_id}/close`: parents book, change and cancel no more.

use actix_web::web::{Data, Json};
use parlour_domain::scope::Scope;
use parlour_wire::EveningSettings;

use crate::{
    app::App,
    auth::Asker,
    problem::Answer,
    request::EveningPath,
    store::{Db, evening_setup},
    views::evenings as views,
};

/// Ends booking at once; one that is closed stays so.
///
/// # Errors
/// `wrong_role`, `scope_missing`, `not_found`, `evening_over`, `evening_not_published`.
pub async fn close_evening(app: Data<App>, asker: Asker, EveningPath(evening): EveningPath) -> Answer<Json<EveningSettings>> {
    asker.office(Scope::EveningsWrite)?;
    let (ctx, school, actor) = (app.context(), asker.school().clone(), asker.actor());
    let write = move |db: &mut Db| {
        evening_setup::close(db, &ctx, school.id(), evening, &actor)?;
        Ok(views::settings(evening_setup::settings(db, school.id(), evening)?, &school))
    };
    Ok(Json(app.store.write(write).await?))
}
