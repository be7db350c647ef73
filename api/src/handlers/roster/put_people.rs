//! `PUT /roster/people`: pushes people, identified by the sender's ids.

use actix_web::web::{Data, Json};
use parlour_wire::RosterResults;

use super::{Rows, put, rows::People};
use crate::{app::App, auth::Principal, problem::ApiResult};

/// Adds, changes and removes people of the school.
///
/// # Errors
/// `wrong_role`, `scope_missing`, `invalid`, `too_large`, `busy`.
pub async fn put_people(
    app: Data<App>,
    principal: Principal,
    body: Rows,
) -> ApiResult<Json<RosterResults>> {
    put::<People>(&app, &principal, body).await
}
