//! `POST /evenings`: makes a draft.

use actix_web::{HttpRequest, HttpResponse, http::header, web::Data};
use parlour_domain::{id::EveningId, scope::Scope};
use parlour_wire::NewEvening;
use uuid::Uuid;

use crate::{
    app::App,
    auth::Asker,
    evening_file,
    problem::Answer,
    request::{Body, checked, idempotency_key},
    store::{evening_setup, idempotency::once},
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
    let file = views::file(body.value, &school);
    let made = app
        .store
        .write(move |db| {
            let id: Uuid = once(db, &ctx, request.as_ref(), |db| {
                evening_file::create(db, &ctx, &school, &file, &actor).map(Into::into)
            })?;
            Ok(views::settings(evening_setup::settings(db, school.id(), EveningId(id))?, &school))
        })
        .await?;
    let location = format!("{}/{}", req.path(), made.id);
    Ok(HttpResponse::Created().insert_header((header::LOCATION, location)).json(made))
}
