//! `GET /evenings/{evening_id}/history`: what happened to a parent's bookings and invites.

use actix_web::web::{Data, Json, Query};
use parlour_wire::{HistoryEntry, Page};

use crate::{
    app::App,
    auth::Caller,
    problem::Answer,
    request::{EveningPath, List, OnBehalf, PageQuery, page},
    store::{
        evenings::{self, Whose},
        events,
    },
    views,
};

/// A page of the history, newest first.
///
/// # Errors
/// `wrong_role`, `not_found`, `bad_cursor`, `invalid`.
pub async fn get_history(
    app: Data<App>,
    caller: Caller,
    EveningPath(evening): EveningPath,
    query: Query<OnBehalf>,
    pages: Query<PageQuery>,
) -> Answer<Json<Page<HistoryEntry>>> {
    let (before, limit) = pages.read(List::History)?;
    let (acting, _) = caller.acting(&app, query.parent()).await?;
    let school = caller.school_id();
    let (row, rows) = app
        .store
        .read(move |db| {
            let row = evenings::find_for(db, school, Whose::Parent(acting.parent), evening)?;
            let rows = events::history(db, acting.parent, evening, before, limit)?;
            Ok((row, rows))
        })
        .await?;
    Ok(Json(page(List::History, rows, limit, |row| row.id.0, |entry| views::history_entry(entry, row.zone()))))
}
