//! `GET /evenings`: the evenings that the caller may see, latest first.

use actix_web::web::{Data, Json, Query};
use chrono::DateTime;
use parlour_domain::{id::EveningId, scope::Scope};
use parlour_wire::{Evening, Page};

use crate::{
    app::App,
    auth::Principal,
    problem::ApiResult,
    request::{CursorPosition, List, PageQuery, signed_page},
    store::evenings::{self, EveningRow},
    views,
};

/// Lists the evenings that the caller may see.
///
/// # Errors
/// `bad_cursor`, `invalid`, `scope_missing`.
pub async fn list_evenings(
    app: Data<App>,
    principal: Principal,
    query: Query<PageQuery>,
) -> ApiResult<Json<Page<Evening>>> {
    let (school, whose, now) = (
        principal.school().id(),
        principal.evening_visibility(Scope::EveningsRead)?,
        app.clock.now(),
    );
    // The cursor is signed and holds its position, because between two pages a draft may be deleted
    // and an evening moved to another day.
    let (place, limit) = query.read_signed(&app.keys, List::Evenings, school.into())?;
    let after = place.and_then(|place| {
        Some((DateTime::from_timestamp_micros(place.order)?, EveningId(place.id)))
    });
    let rows = app.store.read(move |db| evenings::list(db, school, whose, after, limit)).await?;
    let place =
        |row: &EveningRow| CursorPosition { order: row.starts_at.timestamp_micros(), id: row.id.0 };
    Ok(Json(signed_page(&app.keys, List::Evenings, school.into(), rows, limit, place, |row| {
        views::evening(&row, now)
    })))
}
