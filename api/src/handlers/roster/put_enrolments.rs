//! `PUT /roster/enrolments`: students and teachers of classes.

use actix_web::web::{Data, Json};
use parlour_wire::RosterResults;

use super::{Rows, put, rows::Enrolments};
use crate::{app::App, auth::Principal, problem::ApiResult};

/// Adds, changes and removes enrolments, whose classes and people are there.
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
