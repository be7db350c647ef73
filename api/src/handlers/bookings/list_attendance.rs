//! `GET /attendance`: the attendance of appointments, for API clients and staff.

use actix_web::{
    HttpRequest,
    web::{Data, Query},
};
use parlour_domain::scope::Scope;

use crate::{
    app::App,
    auth::Principal,
    precondition::with_etag,
    problem::ApiResult,
    request::{ExportQuery, List, page},
    store::export,
    views,
};

/// Lists the appointments that have begun, with the people who joined the call.
///
/// # Errors
/// `wrong_role`, `scope_missing`, `bad_cursor`, `invalid`.
pub async fn list_attendance(
    req: HttpRequest,
    app: Data<App>,
    principal: Principal,
    query: Query<ExportQuery>,
) -> ApiResult {
    principal.require_office(Scope::AttendanceRead)?;
    let wanted = query.read(List::Attendance)?;
    let (school, zone, now) = (principal.school().id(), principal.school().zone(), app.clock.now());
    let rows = app.store.read(move |db| export::attendance(db, school, wanted, now)).await?;
    with_etag(
        &req,
        &page(
            List::Attendance,
            rows,
            wanted.limit,
            |one| one.row.id.0,
            |one| views::exports::attendance_record(&one, zone),
        ),
    )
}
