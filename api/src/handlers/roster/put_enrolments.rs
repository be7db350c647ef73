//! `PUT /roster/enrolments`: pushes the enrolments of students and teachers in classes.

use actix_web::web::{Data, Json};
use parlour_wire::RosterResults;

use super::{Rows, put, rows::Enrolments};
use crate::{app::App, auth::Principal, problem::ApiResult};

/// Adds, changes and removes enrolments. Their classes and people must exist.
///
/// # Errors
/// `wrong_role`, `scope_missing`, `invalid`, `too_large`, `busy`.
pub async fn put_enrolments(
    app: Data<App>,
    principal: Principal,
    body: Rows,
) -> ApiResult<Json<RosterResults>> {
    put::<Enrolments>(&app, &principal, body).await
}
