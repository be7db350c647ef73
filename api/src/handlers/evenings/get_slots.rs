//! `GET /evenings/{evening_id}/slots`: the slots that a parent may book.

use actix_web::web::{Data, Json, Query};
use parlour_wire::SlotGrid;

use crate::{
    app::App,
    auth::UnresolvedSession,
    problem::ApiResult,
    request::{EveningPath, ParentQuery},
    store::slots,
    views,
};

/// Returns the grid of the students' classes and the evening's slots.
///
/// # Errors
/// `wrong_role`, `not_found`.
pub async fn get_slots(
    app: Data<App>,
    visitor: UnresolvedSession,
    EveningPath(evening): EveningPath,
    query: Query<ParentQuery>,
) -> ApiResult<Json<SlotGrid>> {
    let (_, (row, grid)) = visitor
        .read(&app, query.parent(), move |db, asked| {
            slots::get_slots(db, asked.school_id(), &asked.acting, evening)
        })
        .await?;
    Ok(Json(views::slot_grid(&row, grid, app.clock.now())))
}
