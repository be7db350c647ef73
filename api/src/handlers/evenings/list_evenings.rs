//! `GET /evenings`: the evenings one has to do with, latest first.

use actix_web::web::{Data, Json, Query};
use parlour_domain::{id::EveningId, scope::Scope};
use parlour_wire::{Evening, Page};

use crate::{
    app::App,
    auth::Asker,
    problem::Answer,
    request::{List, PageQuery, Place, sealed_page},
    store::evenings::{self, EveningRow},
    views,
};

/// A page of evenings.
///
/// # Errors
/// `bad_cursor`, `invalid`, `scope_missing`.
pub async fn list_evenings(app: Data<App>, asker: Asker, query: Query<PageQuery>) -> Answer<Json<Page<Evening>>> {
    let (school, whose, now) = (asker.school().id(), asker.whose(Scope::EveningsRead)?, app.clock.now());
    // A draft may be deleted, and an evening moved to another day, between two pages.
    let (after, limit) = query.read_sealed(&app.keys, List::Evenings, school)?;
    let rows = app.store.read(move |db| evenings::list(db, school, whose, after.map(|place| (place.at, EveningId(place.id))), limit)).await?;
    let place = |row: &EveningRow| Place { at: *row.starts_at, id: row.id.0 };
    Ok(Json(sealed_page(&app.keys, List::Evenings, school, rows, limit, place, |row| views::evening(&row, now))))
}
