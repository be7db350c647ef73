//! `GET /roster/imports`: the school's imports, syncs and pushes, with the number of rows that each
//! ended.

use actix_web::web::{Data, Json, Query};
use parlour_wire::{Page, RosterImport};

use crate::{
    app::App,
    auth::Caller,
    problem::ApiResult,
    request::{List, PageQuery, page},
    store::roster,
    views,
};

/// Lists the school's imports, newest first.
///
/// # Errors
/// `wrong_role`, `bad_cursor`, `invalid`.
pub async fn list_roster_imports(
    app: Data<App>,
    caller: Caller,
    pages: Query<PageQuery>,
) -> ApiResult<Json<Page<RosterImport>>> {
    caller.require_staff()?;
    let (after, limit) = pages.read(List::RosterImports)?;
    let school = caller.school_id();
    let rows = app.store.read(move |db| roster::imports(db, school, after, limit)).await?;
    Ok(Json(page(
        List::RosterImports,
        rows,
        limit,
        |row| row.id,
        |row| views::roster::import(&row, caller.school.zone()),
    )))
}
