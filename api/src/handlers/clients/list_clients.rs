//! `GET /clients`: the school's API clients.

use actix_web::web::{Data, Json, Query};
use parlour_domain::id::ClientId;
use parlour_wire::{ApiClient, Page};

use crate::{
    app::App,
    auth::Caller,
    problem::ApiResult,
    request::{List, PageQuery, page},
    store::api_clients,
    views,
};

/// Lists the API clients, newest first.
///
/// # Errors
/// `wrong_role`, `bad_cursor`, `invalid`.
pub async fn list_clients(
    app: Data<App>,
    caller: Caller,
    pages: Query<PageQuery>,
) -> ApiResult<Json<Page<ApiClient>>> {
    caller.require_staff()?;
    let (after, limit) = pages.read(List::Clients)?;
    let (school, now) = (caller.school_id(), app.clock.now());
    let rows = app
        .store
        .read(move |db| api_clients::list(db, school, after.map(ClientId), limit, now))
        .await?;
    Ok(Json(page(
        List::Clients,
        rows,
        limit,
        |one| one.row.id.0,
        |one| views::exports::api_client(&one, caller.school.zone()),
    )))
}
