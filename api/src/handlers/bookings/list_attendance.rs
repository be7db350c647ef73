//! `GET /attendance`: who came, for programs and staff.

use actix_web::{
    HttpRequest,
    web::{Data, Query},
};
use parlour_domain::scope::Scope;

use crate::{
    app::App,
    auth::Asker,
    precondition::tagged,
    problem::Answer,
    request::{ExportQuery, List, page},
    store::export,
    views,
};

/// A page of appointments that have begun, with who was there.
///
/// # Errors
/// `wrong_role`, `scope_missing`, `bad_cursor`, `invalid`.
pub async fn list_attendance(
    req: HttpRequest,
    app: Data<App>,
    asker: Asker,
    query: Query<ExportQuery>,
) -> Answer {
    asker.office(Scope::AttendanceRead)?;
    let wanted = query.read(List::Attendance)?;
    let (school, zone, now) = (asker.school().id(), asker.school().zone(), app.clock.now());
    let rows = app.store.read(move |db| export::attendance(db, school, wanted, now)).await?;
    tagged(
        &req,
        &page(
            List::Attendance,
            rows,
            wanted.limit,
            |one| one.row.id.0,
            |one| views::programs::attendance_record(&one, zone),
        ),
    )
}
