//! `PUT /parents/{parent_id}/allowed_students/{student_id}`: allows contact by decision of the
//! office.

use actix_web::web::{Data, Json};
use parlour_wire::LinkedStudent;

use crate::{
    app::App,
    auth::Caller,
    problem::ApiResult,
    request::{ParentPath, StudentPath},
    store::contacts,
    views,
};

/// Allows contact permanently. No import revokes it.
///
/// # Errors
/// `wrong_role`, `not_found`, `contact_barred`.
pub async fn allow_contact(
    app: Data<App>,
    caller: Caller,
    ParentPath(parent): ParentPath,
    StudentPath(student): StudentPath,
) -> ApiResult<Json<LinkedStudent>> {
    let staff = caller.require_staff()?;
    let (ctx, school) = (app.context(), caller.school_id());
    let allowed = app
        .store
        .write(move |db| contacts::allow_contact(db, &ctx, school, staff, parent, student))
        .await?;
    Ok(Json(views::linked_student(&allowed)))
}
