//! `POST /bars`: bars a contact or an address from a student.

use actix_web::{HttpRequest, web::Data};
use parlour_domain::{EmailAddress, id::PersonId};

use crate::{
    app::App,
    auth::Caller,
    problem::{ApiError, ApiResult},
    request::{Body, checked, idempotency_key},
    store::bars::{self, Bar, Barred, NewBar},
    views,
};

/// Creates the bar. Access that it forbids is revoked at once.
///
/// # Errors
/// `wrong_role`, `not_found`, `email_invalid`, `invalid`, `idempotency_key_reused`.
pub async fn create_bar(
    req: HttpRequest,
    app: Data<App>,
    caller: Caller,
    body: Body<parlour_wire::NewBar>,
) -> ApiResult {
    let staff = caller.require_staff()?;
    checked(&body.value)?;
    let request = idempotency_key(&req, staff, &body.bytes)?;
    let new = body.value;
    let barred = match (new.person_id, new.email.as_deref()) {
        (Some(person), None) => Barred::Person(PersonId(person)),
        (None, Some(email)) => Barred::Address(EmailAddress::parse(email)?),
        _ => {
            return Err(ApiError::field(
                "email",
                "missing",
                "Give either a person or an email address.",
            ));
        }
    };
    let new = NewBar { student: PersonId(new.student_id), barred, note: new.note };
    let (ctx, school, zone) = (app.context(), caller.school_id(), caller.school.zone());
    let view = move |bar: &Bar| views::bar(bar, zone);
    let bar = app
        .store
        .write(move |db| bars::create_bar(db, &ctx, school, staff, &new, request.as_ref(), view))
        .await?;
    Ok(bar.into())
}
