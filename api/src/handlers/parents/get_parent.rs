//! `GET /parents/{parent_id}`: one parent.

use actix_web::web::{Data, Json};
use parlour_wire::Parent;

use crate::{
    app::App, auth::Caller, problem::ApiResult, request::ParentPath, store::parents, views,
};

/// Returns one parent with their students.
///
/// # Errors
/// `wrong_role`, `not_found`.
pub async fn get_parent(
    app: Data<App>,
    caller: Caller,
    ParentPath(parent): ParentPath,
) -> ApiResult<Json<Parent>> {
    caller.require_staff()?;
    let school = caller.school_id();
    let found = app.store.read(move |db| parents::find(db, school, parent)).await?;
    Ok(Json(views::parent_with_sources(&found, caller.school.zone())))
}
