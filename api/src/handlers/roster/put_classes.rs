//! `PUT /roster/classes`: pushes classes, identified by the sender's ids.

use actix_web::web::{Data, Json};
use parlour_wire::RosterResults;

use super::{Rows, put, rows::Classes};
use crate::{app::App, auth::Principal, problem::ApiResult};

/// Adds, changes and removes classes of the school.
///
/// # Errors
/// `wrong_role`, `scope_missing`, `invalid`, `too_large`, `busy`.
pub async fn put_classes(
    app: Data<App>,
    principal: Principal,
    body: Rows,
) -> ApiResult<Json<RosterResults>> {
    put::<Classes>(&app, &principal, body).await
}
