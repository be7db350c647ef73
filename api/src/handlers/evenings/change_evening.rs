//! `PATCH /evenings/{evening_id}`: makes an evening something else, but not under its bookings.

use actix_web::web::{Data, Json};
use parlour_domain::scope::Scope;
use parlour_wire::{EveningChange, EveningSettings};

use crate::{
    app::App,
    auth::Asker,
    evening_file,
    problem::{Answer, ApiError},
    request::{Body, EveningPath, checked},
    store::{Error, evening_setup},
    views::evenings as views,
};

/// Changes what is named and leaves the rest.
///
/// # Errors
/// `wrong_role`, `scope_missing`, `not_found`, `invalid`, `evening_name_taken`, `evening_over`; `bookings_rest_on_it` with these.
pub async fn change_evening(app: Data<App>, asker: Asker, EveningPath(evening): EveningPath, body: Body<EveningChange>) -> Answer<Json<EveningSettings>> {
    asker.office(Scope::EveningsWrite)?;
    checked(&body.value)?;
    let (ctx, school, actor, change) = (app.context(), asker.school().clone(), asker.actor(), views::change(body.value));
    let zone = school.zone();
    let changed = app.store.write(move |db| {
        evening_file::change(db, &ctx, &school, evening, &change, &actor)?;
        Ok(views::settings(evening_setup::settings(db, school.id(), evening)?, &school))
    });
    changed.await.map(Json).map_err(|error| match error {
        Error::BookingsRest(bookings) => ApiError::resting(bookings.iter().map(|one| views::resting(one, zone)).collect()),
        error => error.into(),
    })
}
