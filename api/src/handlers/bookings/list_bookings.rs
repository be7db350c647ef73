//! `GET /bookings`: the school's appointments, for API clients and staff.

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

/// Lists the bookings in the order in which they were made.
///
/// # Errors
/// `wrong_role`, `scope_missing`, `bad_cursor`, `invalid`.
pub async fn list_bookings(
    req: HttpRequest,
    app: Data<App>,
    principal: Principal,
    query: Query<ExportQuery>,
) -> ApiResult {
    principal.require_office(Scope::BookingsRead)?;
    let wanted = query.read(List::BookingExport)?;
    let (school, zone, now) = (principal.school().id(), principal.school().zone(), app.clock.now());
    let rows = app.store.read(move |db| export::bookings(db, school, wanted, now)).await?;
    with_etag(
        &req,
        &page(
            List::BookingExport,
            rows,
            wanted.limit,
            |one| one.row.id.0,
            |one| views::exports::booking_record(&one, zone),
        ),
    )
}
