//! `PATCH /school`: changes the contact details of the school's office.

use actix_web::web::{Data, Json};
use parlour_domain::school_contact::ContactField;
use parlour_wire::{School, SchoolChange};

use crate::{
    app::App,
    auth::Caller,
    problem::{ApiError, ApiResult},
    request::{Body, checked},
    store::schools::{self, ContactChange},
    views,
};

/// Changes the fields that are given and leaves the rest; an empty text clears a field.
///
/// # Errors
/// `wrong_role`, `invalid`.
pub async fn change_school(
    app: Data<App>,
    caller: Caller,
    body: Body<SchoolChange>,
) -> ApiResult<Json<School>> {
    caller.require_staff()?;
    checked(&body.value)?;
    let wanted = change(&body.value)?;
    let school = caller.school_id();
    let row = app.store.write(move |db| schools::change_contact(db, school, &wanted)).await?;
    app.schools.forget();
    Ok(Json(views::school(&row, app.config.mode.has_dev_tools())))
}

fn change(wanted: &SchoolChange) -> ApiResult<ContactChange> {
    type Parse = fn(&str) -> Option<ContactField>;
    let read = |typed: &Option<String>, parse: Parse, field: &str, detail: &str| match typed {
        None => Ok(None),
        Some(typed) => parse(typed)
            .map(|parsed| Some(parsed.into_inner()))
            .ok_or_else(|| ApiError::field(field, "format", detail)),
    };
    Ok(ContactChange {
        phone: read(
            &wanted.phone,
            ContactField::phone,
            "phone",
            "Enter a telephone number, for instance 020 7946 0000.",
        )?,
        email: read(
            &wanted.email,
            ContactField::email,
            "email",
            "Enter an email address like office@example.org.",
        )?,
        office_hours: read(
            &wanted.office_hours,
            ContactField::office_hours,
            "office_hours",
            "Enter one line, for instance Monday to Friday, 8:00 to 16:00.",
        )?,
    })
}
