//! `GET /evenings/{evening_id}/history`: the history of a parent's bookings and invites.

use actix_web::web::{Data, Json, Query};
use parlour_wire::{HistoryEntry, Page};

use crate::{
    app::App,
    auth::UnresolvedSession,
    problem::ApiResult,
    request::{EveningPath, List, PageQuery, ParentQuery, page},
    store::events,
    views,
};

/// Lists the history, newest entry first.
///
/// # Errors
/// `wrong_role`, `not_found`, `bad_cursor`, `invalid`.
pub async fn get_history(
    app: Data<App>,
    visitor: UnresolvedSession,
    EveningPath(evening): EveningPath,
    query: Query<ParentQuery>,
    pages: Query<PageQuery>,
) -> ApiResult<Json<Page<HistoryEntry>>> {
    let (before, limit) = pages.read(List::History)?;
    let (_, (row, entries)) = visitor
        .read(&app, query.parent(), move |db, asked| {
            events::get_history(db, asked.school_id(), &asked.acting, evening, before, limit)
        })
        .await?;
    let view = |entry| views::history_entry(entry, row.zone());
    Ok(Json(page(List::History, entries, limit, |entry| entry.id.0, view)))
}
