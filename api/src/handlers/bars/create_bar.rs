//! `POST /bars`: bars a contact or an address from a student.

use actix_web::{HttpResponse, web::Data};
use parlour_domain::{EmailAddress, id::PersonId};
use parlour_wire::NewBar;

use crate::{
    app::App,
    auth::Caller,
    problem::{Answer, ApiError},
    request::{Body, checked},
    store::bars::{self, Barred},
    views,
};

/// Sets the bar; what it forbids ends at once.
///
/// # Errors
/// `wrong_role`, `not_found`, `email_invalid`, `invalid`.
pub async fn create_bar(app: Data<App>, caller: Caller, body: Body<NewBar>) -> Answer {
    let staff = caller.staff()?;
    checked(&body.value)?;
    let new = body.value;
    let barred = match (new.person_id, new.email.as_deref()) {
        (Some(person), None) => Barred::Person(PersonId(person)),
        (None, Some(email)) => Barred::Address(EmailAddress::parse(email)?),
        _ => return Err(ApiError::field("email", "missing", "Give either a person or an email address.")),
    };
    let (ctx, school, zone) = (app.context(), caller.school_id(), caller.school.zone());
    let bar = app
        .store
        .write(move |db| {
            let id = bars::set(db, &ctx, school, staff, PersonId(new.student_id), &barred, &new.note)?;
            bars::find(db, school, id)
        })
        .await?;
    Ok(HttpResponse::Created().json(views::bar(&bar, zone)))
}
