//! `POST /evenings`: creates an evening as a draft.

use actix_web::{HttpRequest, web::Data};
use parlour_domain::scope::Scope;
use parlour_wire::NewEvening;

use crate::{
    app::App,
    auth::Principal,
    problem::ApiResult,
    request::{Body, checked, idempotency_key},
    store::{
        Error,
        evening_setup::{self, Settings},
    },
    views::evenings as views,
};

/// Creates the draft. Only staff and API clients see it before it is published.
///
/// # Errors
/// `wrong_role`, `scope_missing`, `invalid`, `evening_name_taken`, `idempotency_key_reused`;
/// `not_found` for a retry after the draft was deleted.
pub async fn create_evening(
    req: HttpRequest,
    app: Data<App>,
    principal: Principal,
    body: Body<NewEvening>,
) -> ApiResult {
    principal.require_office(Scope::EveningsWrite)?;
    checked(&body.value)?;
    let request = idempotency_key(&req, principal.id(), &body.bytes)?;
    let (ctx, school, actor) = (app.context(), principal.school().clone(), principal.actor());
    let spec = views::spec(body.value, school.zone()).map_err(Error::from)?;
    let path = req.path().to_owned();
    let (of, key) = (school.clone(), request);
    let view = move |made: &Settings| views::settings(made, &of);
    let made = app
        .store
        .write(move |db| {
            evening_setup::create_evening(
                db,
                &ctx,
                &school,
                &spec,
                &actor,
                key.as_ref(),
                &path,
                &view,
            )
        })
        .await?;
    Ok(made.into())
}
