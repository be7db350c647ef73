//! `PUT /roster/guardianships`: pushes the contacts of students.

use actix_web::web::{Data, Json};
use parlour_wire::RosterResults;

use super::{Rows, put, rows::Guardianships};
use crate::{app::App, auth::Principal, problem::ApiResult};

/// Adds, changes and removes guardianships. Their people must exist.
///
/// # Errors
/// `wrong_role`, `scope_missing`, `invalid`, `too_large`, `busy`.
pub async fn put_guardianships(
    app: Data<App>,
    principal: Principal,
    body: Rows,
) -> ApiResult<Json<RosterResults>> {
    put::<Guardianships>(&app, &principal, body).await
}
