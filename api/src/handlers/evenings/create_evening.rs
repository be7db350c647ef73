//! `POST /evenings`: makes a draft.

use actix_web::{HttpRequest, web::Data};
use parlour_domain::scope::Scope;
use parlour_wire::NewEvening;

use crate::{
    app::App,
    auth::Asker,
    evening_file,
    problem::Answer,
    request::{Body, checked, idempotency_key},
    store::{
        Error, evening_setup, evenings,
        idempotency::{Response, with_idempotency_key},
    },
    views::evenings as views,
};

/// Makes it; nobody but the office and its programs sees it before it is published.
///
/// # Errors
/// `wrong_role`, `scope_missing`, `invalid`, `evening_name_taken`, `idempotency_key_reused`;
/// `not_found` for a repetition when it was deleted meanwhile.
pub async fn create_evening(
    req: HttpRequest,
    app: Data<App>,
    asker: Asker,
    body: Body<NewEvening>,
) -> Answer {
    asker.office(Scope::EveningsWrite)?;
    checked(&body.value)?;
    let request = idempotency_key(&req, asker.id(), &body.bytes)?;
    let (ctx, school, actor) = (app.context(), asker.school().clone(), asker.actor());
    let (file, path) = (views::file(body.value, &school), req.path().to_owned());
    let made = app
        .store
        .write(move |db| {
            let made = with_idempotency_key(db, &ctx, request.as_ref(), |db| {
                let id = evening_file::create(db, &ctx, &school, &file, &actor)?;
                let settings = evening_setup::settings(db, school.id(), id)?;
                let made = Response::created(&views::settings(settings, &school))?;
                Ok(made.at(format!("{path}/{id}")))
            })?;
            // A retry finds nothing where the evening was deleted meanwhile.
            let id = made.id_in_location().ok_or(Error::NotFound)?;
            evenings::find(db, school.id(), id)?;
            Ok(made)
        })
        .await?;
    Ok(made.into())
}
