//! `PATCH /evenings/{evening_id}`: changes the settings of an evening. Refused where bookings rest
//! on them.

use actix_web::web::Data;
use parlour_domain::scope::Scope;
use parlour_wire::EveningChange;

use crate::{
    app::App,
    auth::Principal,
    precondition::{IfMatch, with_new_etag},
    problem::{ApiError, ApiResult},
    request::{Body, EveningPath, checked},
    store::{
        Error,
        evening_setup::{self, Settings},
    },
    views::evenings as views,
};

/// Changes the fields that are given and leaves the rest.
///
/// # Errors
/// `wrong_role`, `scope_missing`, `not_found`, `invalid`, `evening_name_taken`, `evening_over`,
/// `precondition_failed`; `bookings_rest_on_it`, with the bookings concerned.
pub async fn change_evening(
    app: Data<App>,
    principal: Principal,
    EveningPath(evening): EveningPath,
    if_match: IfMatch,
    body: Body<EveningChange>,
) -> ApiResult {
    principal.require_office(Scope::EveningsWrite)?;
    checked(&body.value)?;
    let (ctx, school, actor) = (app.context(), principal.school().clone(), principal.actor());
    let change = views::change(body.value, school.zone()).map_err(Error::from)?;
    let may_see = principal.is_allowed(Scope::BookingsRead);
    let (of, shown_to) = (school.clone(), school.clone());
    let expected = if_match.of(move |now: &Settings| views::settings(now, &shown_to));
    let settings = app
        .store
        .write(move |db| {
            evening_setup::change_evening(db, &ctx, &of, evening, &change, &actor, &expected)
        })
        .await
        .map_err(ApiError::from)
        // A principal without the right to read bookings only learns how many there are.
        .map_err(|error| if may_see { error } else { error.without_bookings() })?;
    with_new_etag(&views::settings(&settings, &school))
}
