//! `GET /invites`: the school's invites, for API clients and staff.

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

/// Lists the invites in the order in which they were sent.
///
/// # Errors
/// `wrong_role`, `scope_missing`, `bad_cursor`, `invalid`.
pub async fn list_invites(
    req: HttpRequest,
    app: Data<App>,
    principal: Principal,
    query: Query<ExportQuery>,
) -> ApiResult {
    principal.require_office(Scope::InvitesRead)?;
    let wanted = query.read(List::InviteExport)?;
    let (school, zone, with_names) = (
        principal.school().id(),
        principal.school().zone(),
        principal.is_allowed(Scope::GuestsRead),
    );
    let rows = app.store.read(move |db| export::invites(db, school, wanted)).await?;
    with_etag(
        &req,
        &page(
            List::InviteExport,
            rows,
            wanted.limit,
            |one| one.row.id.0,
            |one| views::exports::invite_record(&one, with_names, zone),
        ),
    )
}
