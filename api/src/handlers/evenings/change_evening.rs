//! `PATCH /evenings/{evening_id}`: makes an evening something else, but not under its bookings.

use actix_web::web::Data;
use parlour_domain::scope::Scope;
use parlour_wire::EveningChange;

use crate::{
    app::App,
    auth::Asker,
    evening_file,
    precondition::{IfMatch, changed},
    problem::{Answer, ApiError},
    request::{Body, EveningPath, checked},
    store::{Db, Error, evening_setup, locks::LockRank},
    views::evenings as views,
};

/// Changes what is named and leaves the rest.
///
/// # Errors
/// `wrong_role`, `scope_missing`, `not_found`, `invalid`, `evening_name_taken`, `evening_over`,
/// `precondition_failed`; `bookings_rest_on_it` with these.
pub async fn change_evening(
    app: Data<App>,
    asker: Asker,
    EveningPath(evening): EveningPath,
    if_match: IfMatch,
    body: Body<EveningChange>,
) -> Answer {
    asker.office(Scope::EveningsWrite)?;
    checked(&body.value)?;
    let (ctx, school, actor, change) =
        (app.context(), asker.school().clone(), asker.actor(), views::change(body.value));
    let (zone, may_see) = (school.zone(), asker.also(Scope::BookingsRead));
    let settings = app.store.write(move |db| {
        let current = |db: &mut Db| {
            Ok(views::settings(evening_setup::settings(db, school.id(), evening)?, &school))
        };
        if_match.check(db, LockRank::Evening, evening, current)?;
        evening_file::change(db, &ctx, &school, evening, &change, &actor)?;
        current(db)
    });
    let settings = settings.await.map_err(|error| match error {
        // Who may not see appointments learns how many there are.
        Error::BookingsRest(bookings) => {
            let told =
                bookings.iter().filter(|_| may_see).map(|one| views::resting(one, zone)).collect();
            ApiError::resting(bookings.len(), told)
        }
        error => error.into(),
    })?;
    changed(&settings)
}
