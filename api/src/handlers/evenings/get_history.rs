//! `GET /evenings/{evening_id}/history`: what happened to a parent's bookings and invites.

use actix_web::web::{Data, Json, Query};
use parlour_wire::{HistoryEntry, Page};

use crate::{
    app::App,
    auth::{Caller, Visitor},
    problem::Answer,
    request::{EveningPath, List, OnBehalf, PageQuery, page},
    store::{Db, evenings, events},
    views,
};

/// A page of the history, newest first.
///
/// # Errors
/// `wrong_role`, `not_found`, `bad_cursor`, `invalid`.
pub async fn get_history(
    app: Data<App>,
    visitor: Visitor,
    EveningPath(evening): EveningPath,
    query: Query<OnBehalf>,
    pages: Query<PageQuery>,
) -> Answer<Json<Page<HistoryEntry>>> {
    let (before, limit) = pages.read(List::History)?;
    let parent_id = query.parent();
    let read = move |db: &mut Db, caller: &Caller| {
        let (acting, _) = caller.acting(db, parent_id)?;
        let row = evenings::find_for(db, caller.school_id(), acting.whose(), evening)?;
        let rows = events::history(db, &acting, evening, before, limit)?;
        Ok(page(
            List::History,
            rows,
            limit,
            |row| row.id.0,
            |entry| views::history_entry(entry, row.zone()),
        ))
    };
    visitor.read(&app, read).await.map(Json)
}
