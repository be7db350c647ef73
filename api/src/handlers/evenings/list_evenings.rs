//! `GET /evenings`: the evenings one has to do with, latest first.

use actix_web::web::{Data, Json, Query};
use parlour_domain::{id::EveningId, scope::Scope};
use parlour_wire::{Evening, Page};

use crate::{
    app::App,
    auth::Asker,
    problem::Answer,
    request::{List, PageQuery, page},
    store::evenings,
    views,
};

/// A page of evenings.
///
/// # Errors
/// `bad_cursor`, `invalid`, `scope_missing`.
pub async fn list_evenings(app: Data<App>, asker: Asker, query: Query<PageQuery>) -> Answer<Json<Page<Evening>>> {
    let (after, limit) = query.read(List::Evenings)?;
    let (school, whose, now) = (asker.school().id(), asker.whose(Scope::EveningsRead)?, app.clock.now());
    let rows = app.store.read(move |db| evenings::list(db, school, whose, after.map(EveningId), limit)).await?;
    Ok(Json(page(List::Evenings, rows, limit, |row| row.id.0, |row| views::evening(&row, now))))
}
