//! `PUT /parents/{parent_id}/allowed_students/{student_id}`: allows contact by hand.

use actix_web::web::{Data, Json};
use parlour_wire::LinkedStudent;

use crate::{
    app::App,
    auth::Caller,
    problem::Answer,
    request::{ParentPath, StudentPath},
    store::{Error, contacts, parents},
    views,
};

/// Allows it for good; no import takes it back.
///
/// # Errors
/// `wrong_role`, `not_found`, `contact_barred`.
pub async fn allow_contact(
    app: Data<App>,
    caller: Caller,
    ParentPath(parent): ParentPath,
    StudentPath(student): StudentPath,
) -> Answer<Json<LinkedStudent>> {
    let staff = caller.staff()?;
    let (ctx, school) = (app.context(), caller.school_id());
    let allowed = app
        .store
        .write(move |db| {
            contacts::allow(db, &ctx, school, staff, parent, student)?;
            let linked = parents::find(db, school, parent)?.students;
            linked.into_iter().find(|linked| linked.student.id() == student).ok_or(Error::NotFound)
        })
        .await?;
    Ok(Json(views::linked_student(&allowed)))
}
