//! `PATCH /evenings/{evening_id}`: makes an evening something else, but not under its bookings.

use actix_web::web::Data;
use parlour_domain::scope::Scope;
use parlour_wire::EveningChange;

use crate::{
    app::App,
    auth::Asker,
    precondition::{IfMatch, changed},
    problem::{Answer, ApiError},
    request::{Body, EveningPath, checked},
    store::{
        Error,
        evening_setup::{self, Settings},
    },
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
    let (ctx, school, actor) = (app.context(), asker.school().clone(), asker.actor());
    let change = views::change(body.value, school.zone()).map_err(Error::from)?;
    let may_see = asker.also(Scope::BookingsRead);
    let (of, shown_to) = (school.clone(), school.clone());
    let expected = if_match.of(move |now: &Settings| views::settings(now, &shown_to));
    let settings = app
        .store
        .write(move |db| {
            evening_setup::change_evening(db, &ctx, &of, evening, &change, &actor, &expected)
        })
        .await
        .map_err(ApiError::from)
        // Who may not see appointments learns how many there are.
        .map_err(|error| if may_see { error } else { error.without_bookings() })?;
    changed(&views::settings(&settings, &school))
}
